import type { DeviceId, SiteName } from '../../base/identity.js'
import type { Language } from '../../base/language.js'
import type { Secret } from '../../base/secret.js'
import type { UserKey } from '../../directory/directory.js'
import type { PhoneModel, ZoneRules } from '../../phone-models/phone-models.js'

/** `draining`: the user is logged out when the phone's calls have ended, and the phone already shows nothing of the user. */
export type PhoneState = 'idle' | 'home' | 'visitor' | 'draining'

export interface SipServer {
  readonly host: string
  readonly port: number
  readonly transport: 'udp' | 'tcp' | 'tls'
}

/** Addresses of directory and call log, by which a phone fetches them. */
export interface PhonePages {
  readonly central: string
  readonly personal: string
  readonly calls: string
}

/** A key at a position of the phone. Every position has one, so that nothing is left of the previous user. */
export interface KeyView {
  /** From 0, over the pages of the phone and then the modules. */
  readonly position: number
  /** From 0, of the phone, or of its keys of the second kind. */
  readonly page: number
  /** From 1; null: a key of the phone itself. */
  readonly module: number | null
  /** `text`: only the label. `none`: nothing, not even what was there before. */
  readonly kind: 'none' | 'line' | 'lamp' | 'speed' | 'park' | 'pick-up' | 'text'
  /** What is dialled. */
  readonly value: string
  /** User part of the address-of-record to which the phone subscribes; null: the key has no lamp. */
  readonly watch: string | null
  readonly label: string
  /** False: the key cannot work at this site, and its label says so. */
  readonly works: boolean
}

/** All that the template of a phone may use, for the user who sits there now. */
export interface PhoneView {
  readonly device: DeviceId
  readonly site: SiteName
  readonly mac: string | null
  readonly model: PhoneModel
  readonly state: PhoneState
  /** The phone's own credentials, which never change. */
  readonly line: PhoneLine & { readonly userId: string; readonly password: Secret }
  /** `HD0001` in all three while nobody is logged in; else `Anna Martin`, `100`, `100 Anna Martin`. */
  readonly display: { readonly name: string; readonly number: string; readonly label: string }
  readonly user: { readonly extension: string; readonly name: string } | null
  readonly language: Language
  readonly zone: ZoneRules
  readonly keys: readonly KeyView[]
  /** Keys of the user for which the phone has no position. */
  readonly notShown: readonly UserKey[]
  readonly dialling: {
    /** Patterns of codes that leave the phone at once, with `X` 0–9, `Z` 1–9, `N` 2–9. */
    readonly codes: readonly string[]
    readonly emergency: readonly string[]
    /** What is dialled before the extension of a ringing colleague; null: no code picks up. */
    readonly pickUp: string | null
    /** What is dialled to hear messages. */
    readonly voicemail: string | null
  }
  /**
   * From where the phone fetches its configuration from now on; it ends with `/` and contains the phone's secret. Null: it has fetched from
   * there.
   */
  readonly folder: string | null
  readonly pages: PhonePages | null
  /** Grows with each login, logout and refresh. */
  readonly epoch: string
}

export interface PhoneLine {
  readonly domain: string
  readonly servers: readonly SipServer[]
  readonly expiresSeconds: number
  readonly subscribeSeconds: number
}
