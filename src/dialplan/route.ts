import type { Milliseconds } from '../base/clock.js'
import type { Extension, SiteName } from '../base/identity.js'
import type { Language } from '../base/language.js'
import type { Secret } from '../base/secret.js'
import type { SiteCodes, SiteProfiles } from '../directory/directory.js'
import type { Codes } from './codes.js'
import type { TrunkNumberForms } from './numbers/number-form.js'
import type { NumberPlan, OutsideNumber } from './numbers/number-plan.js'
import type { PlanReferences } from './plan-references.js'
import type { SiteRights } from './rights/site-rights.js'
import type { BreakOutMenu } from './short-codes/break-out-menu.js'
import type { Feature } from './short-codes/short-code.js'

/** A SIP trunk of a site. */
export interface Trunk extends TrunkNumberForms {
  readonly name: string
  /** Where calls go: `sip:203.0.113.20:5060;transport=udp`. */
  readonly uri: string
  /** Source addresses of the trunk's calls. */
  readonly from: readonly string[]
  readonly username: string | null
  readonly password: Secret | null
  /** The number shown for users without one of their own. */
  readonly callerId: string | null
  /** Interval of OPTIONS requests; left out: none are sent. */
  readonly pingSeconds?: number
  /** The form in which the trunk takes the location of an emergency caller; left out: none is sent. */
  readonly location?: 'pidf-lo'
  /** Alert-Info and Call-Info of its calls pass to phones; left out: they do not. */
  readonly alertInfo?: true
  /**
   * Trust in P-Asserted-Identity (RFC 3325 §2.3). `none`: the header of its calls is ignored. `full`: it also gets the identity of anonymous
   * callers. Left out: its header is believed, and it gets no identity of anonymous callers.
   */
  readonly trust?: 'none' | 'full'
  /** The headers that report the forwards of a call to it; left out: Diversion (RFC 5806). */
  readonly diversion?: 'none' | 'history-info' | 'both'
  /** The caller of a forwarded call is the user who has forwarded it; left out: the original caller. */
  readonly forwardedCaller?: 'forwarder'
  /** The trunk is reached, and reaches us, by registration; left out: by address. */
  readonly registration?: TrunkRegistration
  /** The next hop of every request to the trunk (RFC 3261 §8.1.2); left out: the one that its URI names. */
  readonly outboundProxy?: string
  /** Its share of the calls among neighbours in a route that have a weight as well; left out: its position alone counts. */
  readonly weight?: number
  /** The most calls at once at one node, in both directions; left out: no limit. */
  readonly maxCalls?: number
  /** The most calls that begin in a minute at one node, in both directions; left out: no limit. */
  readonly callsPerMinute?: number
  /** The headers that carry the caller's number. A From without it names our account. */
  readonly callerIn: readonly CallerHeader[]
  /** The From of an anonymous call names our account; left out: nobody (RFC 3323 §4.1.1.3). */
  readonly anonymousFrom?: 'account'
  /** The identity has a second value, a tel URI (RFC 3325 §9.1); left out: it does not. */
  readonly telIdentity?: true
  /** Headers of every call to it, with their values; left out: none. */
  readonly headers?: Readonly<Record<string, string>>
}

export type CallerHeader = 'From' | 'P-Asserted-Identity' | 'P-Preferred-Identity' | 'Remote-Party-ID'

/** A registration of ours at a trunk (RFC 3261 §10). */
export interface TrunkRegistration {
  /** The Request-URI of REGISTER: `sip:carrier.example`. */
  readonly registrar: string
  /** Our account there: `sip:paris@carrier.example`. */
  readonly aor: string
  /** The expiry that we ask for. */
  readonly seconds: number
}

export interface OutsideRoute extends OutsideNumber {
  readonly kind: 'outside'
  readonly trunks: readonly Trunk[]
  /** The caller number on this route; null: the user's own, else the trunk's. */
  readonly callerId: string | null
}

/** The meaning of digits that a phone has dialled at this site. */
export type Route = Meaning & {
  /** The short code of the dial plan that gives this meaning; left out: none does. */
  readonly shortCode?: string
}

type Meaning =
  | { readonly kind: 'emergency'; readonly number: string; readonly trunks: readonly Trunk[] }
  | { readonly kind: 'login'; readonly extension: Extension | null }
  | { readonly kind: 'logout' }
  | { readonly kind: 'logout-everywhere'; readonly extension: Extension | null }
  | { readonly kind: 'user'; readonly extension: Extension }
  | OutsideRoute
  | { readonly kind: 'feature'; readonly feature: Feature; readonly argument: string }
  /** The digits are dialled with the plan of another site. Null: the code names none. */
  | { readonly kind: 'break-out'; readonly site: SiteName | null; readonly digits: string }
  | { readonly kind: 'announcement'; readonly prompt: string }
  /** A short code bars the number. */
  | { readonly kind: 'barred' }
  | { readonly kind: 'unknown' }

/** The voicemail server of a site. */
export interface Voicemail {
  readonly trunk: Trunk
  /** The number that is called at the server. */
  number(extension: Extension): string
  /** The nodes of the site subscribe to the mailboxes of its users (RFC 3842). */
  readonly isSubscribed: boolean
  /** The mailbox of a user at the server. */
  mailbox(extension: Extension): string
}

/** When a login at a phone of the site ends automatically. Null: not for that reason. */
export interface AutomaticLogout {
  readonly site: SiteName
  /** Time since the login. */
  readonly maxTimeMs: Milliseconds | null
  /** Time since the login or the end of the last call. */
  readonly idleTimeMs: Milliseconds | null
  /** Time of day in the time zone of the site. */
  readonly daily: { readonly hour: number; readonly minute: number; readonly timezone: string } | null
}

/** The dial plan of one site, from `dialplans/<site>.yaml`. Pure: the same digits give the same route. */
export interface Dialplan {
  readonly site: SiteName
  /** Of the text of its file: equal texts have equal fingerprints. */
  readonly fingerprint: string
  /** The caller number of the site's emergency calls. */
  readonly elin: string | null
  /** Location of the site, for emergency calls of a phone that has none or is not known. */
  readonly location: string | null
  /** Users who are informed of emergency calls at this site. */
  readonly emergencyDesk: readonly Extension[]
  /** By MESSAGE, by a call that speaks, or by both. */
  readonly emergencyDeskNotice: 'message' | 'call' | 'both'
  /** Enabled trunks, in the order of the file. */
  readonly trunks: readonly Trunk[]
  /** Those that take emergency calls: not a trunk that leads to the voicemail server alone. */
  readonly emergencyTrunks: readonly Trunk[]
  /** Names of trunks with `enabled: no`. */
  readonly disabledTrunks: readonly string[]
  /** For messages: `*77*`, `*77*5*` and `*77*6*`. */
  readonly codes: Codes
  /** IANA name; null: the file has none. */
  readonly timezone: string | null
  /** Of prompts and phones, for users without a language of their own; null: the file has none. */
  readonly language: Language | null
  /** What the keys of its phones dial. */
  readonly phoneCodes: SiteCodes
  /** The voicemail server of the site; null if there is none. */
  readonly voicemail: Voicemail | null
  /** Prefix for outside calls. */
  readonly outside: string
  /** What users may call from this site. */
  readonly rights: SiteRights
  /** What users are entitled to by their profile. */
  readonly profiles: SiteProfiles
  /** Null: logins do not end automatically. */
  readonly automaticLogout: AutomaticLogout | null
  /** What its file names but does not define. */
  readonly references: PlanReferences
  /** The prompts that its short codes play. */
  readonly announcements: readonly string[]
  /** The emergency number to call for these digits; null if they are not an emergency number. Takes precedence over `route`. */
  emergency(digits: string): string | null
  /** All emergency numbers, as they may be dialled. */
  readonly emergencyNumbers: readonly string[]
  /** The same, also behind the codes that dial with the plan of another site: they are called from here. */
  readonly emergencyDialled: readonly string[]
  /** The spoken menu for break-out codes that name no site. */
  readonly breakOut: BreakOutMenu
  /** A parked call rings the user who has parked it after this time. */
  readonly parkMs: Milliseconds
  /** What a phone here dials to reach a number by the plan of a site; `''` lets the caller enter the number. Null: no code leads there. */
  breakOutCode(site: SiteName, digits: string): string | null
  /** Whether digits that follow may make this the number of an extension. */
  beginsExtension(digits: string): boolean
  /** Route for the dialled digits. */
  route(digits: string): Route
  /** How numbers are written in the country of the site. */
  readonly numbers: NumberPlan
  /** The extension of a direct number, in whatever form a trunk writes it. */
  did(number: string): Extension | null
  /** The direct numbers that other sites may deliver too: `+44207946010X=10X`. */
  readonly publishedDids: readonly string[]
  /** The direct number of an extension at this site; null: the trunk's is shown. */
  callerId(extension: Extension): string | null
  /** Whether Alert-Info and Call-Info of this user's calls pass to other phones. */
  mayAlert(extension: Extension): boolean
  /** Why no user may have this extension here; null if one may. */
  reserved(extension: Extension): string | null
}
