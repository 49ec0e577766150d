import type { Milliseconds } from '../base/clock.js'
import type { Extension, SiteName } from '../base/identity.js'
import type { Secret } from '../base/secret.js'

/** A carrier's line of a site. */
export interface Trunk {
  readonly name: string
  /** Where calls go: `sip:203.0.113.20:5060;transport=udp`. */
  readonly uri: string
  /** Addresses the carrier sends from; a call from there is a trunk call. */
  readonly from: readonly string[]
  readonly username: string | null
  readonly password: Secret | null
  /** The number shown where the user has none of their own. */
  readonly callerId: string | null
  /** Asked with OPTIONS so often whether it lives; left out: only calls show it. */
  readonly pingSeconds?: number
  /** The form in which the carrier takes the place of a phone that calls for help; left out: it does not. */
  readonly location?: 'pidf-lo'
  /** Alert-Info and Call-Info of its calls reach phones; left out: they do not. */
  readonly alertInfo?: true
  /**
   * Trust in P-Asserted-Identity (RFC 3325 §2.3). `none`: that of its calls is ignored. `full`: the carrier is also told who calls when the
   * caller wants to stay unknown. Left out: it is believed, and not told.
   */
  readonly trust?: 'none' | 'full'
}

/** What the digits of an authenticated phone mean at this site. */
export type Route =
  | { readonly kind: 'emergency'; readonly number: string; readonly trunks: readonly Trunk[] }
  | { readonly kind: 'login'; readonly extension: Extension | null }
  | { readonly kind: 'logout' }
  | { readonly kind: 'user'; readonly extension: Extension }
  | {
      readonly kind: 'outside'
      readonly number: string
      readonly trunks: readonly Trunk[]
      /** The number that this route shows whoever calls; null: the user's own, else the trunk's. */
      readonly callerId: string | null
    }
  | { readonly kind: 'unknown' }

/** When a login at a phone of the site ends by itself; null: not for that reason. */
export interface AutomaticLogout {
  readonly site: SiteName
  /** So long after the login. */
  readonly maxTimeMs: Milliseconds | null
  /** So long after the login or the last call. */
  readonly idleTimeMs: Milliseconds | null
  /** At this time of day, by the clocks of the site. */
  readonly daily: { readonly hour: number; readonly minute: number; readonly timezone: string } | null
}

/** One site's rules, from `dialplans/<site>.yaml`. Pure: the same digits give the same route. */
export interface Dialplan {
  readonly site: SiteName
  /** The site's emergency caller number. */
  readonly elin: string | null
  /** Where the site is, for an emergency call whose phone has no location of its own, or is not known. */
  readonly location: string | null
  /** Those in use, in the order of the file. */
  readonly trunks: readonly Trunk[]
  /** Names of trunks with `enabled: no`. */
  readonly disabledTrunks: readonly string[]
  /** What a person dials first, for messages: `*77*` and `*77*5*`. */
  readonly codes: { readonly login: string; readonly logout: string }
  /** Dialled before a number outside. */
  readonly outside: string
  /** Null: a login lasts until somebody ends it. */
  readonly automaticLogout: AutomaticLogout | null
  /** The number to dial for this emergency here, null where it is none. Asked before everything else. */
  emergency(digits: string): string | null
  /** All of them as one may dial them. */
  readonly emergencyNumbers: readonly string[]
  /** The user part of the Request-URI as it arrived; `%2A` and `%23` are understood. */
  route(digits: string): Route
  /** Whom a number dialled from outside belongs to. */
  did(number: string): Extension | null
  /** The number of this site that shows the extension to the outside, null: the trunk's. */
  callerId(extension: Extension): string | null
  /** Alert-Info and Call-Info of this user's calls reach other phones. */
  mayAlert(extension: Extension): boolean
  /** Why no user may have this extension here; null where one may. */
  reserved(extension: Extension): string | null
}
