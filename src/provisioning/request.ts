import type { DeviceId, Extension } from '../base/identity.js'

/** A request of a phone that has proven which device it is. */
export interface PhoneRequest {
  readonly device: DeviceId
  /** Below the phone's own folder, decoded: `001565aabbcc.cfg`, `pages/central`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly userAgent: string
  /** The folder of the pages of the phone's present user, which ends with `/` and contains secrets. Opens only pages. */
  readonly pagesBase: string
  /** False: the address was made for a previous user. */
  readonly isCurrent: boolean
}

export interface PhoneAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** Directories and the call log. */
export interface PhonePages {
  /** Null: there is no such page. */
  answer(request: PhoneRequest): Promise<PhoneAnswer | null>
  /** Whose pages the phone shows; null: nobody's. */
  userAt(device: DeviceId): Extension | null
}
