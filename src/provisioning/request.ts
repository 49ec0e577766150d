import type { DeviceId } from '../base/identity.js'

/** A request of a phone that has proven which device it is. */
export interface PhoneRequest {
  readonly device: DeviceId
  /** Below the phone's own folder, decoded: `001565aabbcc.cfg`, `pages/central`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly userAgent: string
  /** The phone's own folder, which ends with `/` and contains a secret. Opens only pages. */
  readonly pagesBase: string
}

export interface PhoneAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** Directories and the call log. Null: there is no such page. */
export type PhonePages = (request: PhoneRequest) => PhoneAnswer | null | Promise<PhoneAnswer | null>
