import type { Milliseconds } from '../base/clock.js'
import type { DeviceId, Extension, NodeName, SiteName } from '../base/identity.js'
import type { Language } from '../base/language.js'
import type { Secret } from '../base/secret.js'
import type { RecordChange, StreamWrite } from '../store/store.js'
import type { PhoneUser } from './audit.js'
import type { UserKey } from './keys/user-keys.js'
import type { SiteCodes } from './membership/site-codes.js'
import type { SiteProfiles } from './profiles/site-profiles.js'

/** Where a call goes if the user's phone does not take it: digits, `voicemail` or null. */
export interface Forwards {
  readonly always: string | null
  readonly busy: string | null
  readonly noAnswer: string | null
  readonly notLoggedIn: string | null
  readonly notReachable: string | null
}

export const secondLogins = ['move', 'deny', 'allow'] as const
/** What a login does if the user is logged in at another phone. */
type SecondLogin = (typeof secondLogins)[number]

/** `{hd}:user:<ext>` */
export interface User {
  readonly extension: Extension
  readonly name: string
  readonly home: SiteName
  /** scrypt hash; null: no PIN is set, and the user cannot log in. */
  readonly pinHash: string | null
  readonly enabled: boolean
  readonly mayHotdesk: boolean
  /** Whether calls follow a forward that is set on the user's phone (302). */
  readonly mayForward: boolean
  /** Callers get the treatment of a busy user. */
  readonly doNotDisturb: boolean
  readonly secondLogin: SecondLogin
  /** How long this user's phone rings before the call counts as not answered. */
  readonly ringSeconds: number
  readonly forwards: Forwards
  /** Where messages are left: a number, a SIP URI, or `none`; null: the voicemail of the site. */
  readonly voicemail: string | null
  /** Name of the user's rights; the site where a call is made defines them. Null: the default rights of that site. */
  readonly rights: string | null
  /** Rights outside the hours of `timeProfile`. */
  readonly outOfHoursRights: string | null
  /** Name of hours, defined like rights; null: `rights` count at all times. */
  readonly timeProfile: string | null
  /** Name of what the user is entitled to, defined like rights, or at the home site. Null: everything. */
  readonly profile: string | null
  /** Of prompts and of the phone where the user sits; null: the language of the site. */
  readonly language: Language | null
  /** Programmable keys of the user, in order. */
  readonly keys: readonly UserKey[]
}

/** `{hd}:device:<id>`: the fields that an operator sets. The fields that change with use (state, since, via, refresh) belong to hotdesk and phones. */
export interface Device {
  readonly id: DeviceId
  readonly site: SiteName
  readonly hotdesk: boolean
  /** SIP password, unsealed; null: no password is set, and the device cannot register. */
  readonly password: Secret | null
  /** The phone's own emergency caller number; null: the site's. */
  readonly elin: string | null
  readonly location: string | null
  /** Twelve lower-case hexadecimal digits. */
  readonly mac: string | null
  readonly model: string | null
  /** The user of this phone while nobody is logged in at it. */
  readonly owner: Extension | null
  /** Number of expansion modules that are attached. */
  readonly modules: number
}

/** `{hd}:node:<name>`, kept alive by its heartbeat. */
export interface LiveNode {
  readonly name: NodeName
  readonly site: SiteName
  /** `udp:192.0.2.10:5060`: where other nodes send calls for it. */
  readonly sip: string
  readonly version: string
  /** Identifies one start of the node. */
  readonly boot: string
  /** Ids of the receivers of events that are in its configuration. */
  readonly webhooks: readonly string[]
  /** The version of hop tokens, on calls between nodes, that it understands. */
  readonly hopTokens: 1 | 2
  /** What it takes from others besides ordinary calls. */
  readonly takes: readonly NodeAbility[]
  /** It takes no new calls, because an operator drains it or it is stopping. */
  readonly isDraining: boolean
}

/**
 * `break-out`: a number that the node dials by the plan of its site. `pick-up`: takes over a call that rings at one of its phones. `trunk`: a
 * call for a trunk at which the node is registered in place of its site. `psap-callback`: the emergency centre calls back a phone that is
 * registered at the node.
 */
export const callPurposes = ['break-out', 'pick-up', 'trunk', 'psap-callback'] as const

/** `requests`: it answers what commands ask running nodes. `registrations`: it registers at trunks in place of a node that is draining. */
export const nodeAbilities = [...callPurposes, 'requests', 'registrations'] as const
export type NodeAbility = (typeof nodeAbilities)[number]

export const homeReturns = ['keep', 'return'] as const
/** Whether users of a site are logged out at other sites when their site is back after a loss. */
type HomeReturn = (typeof homeReturns)[number]

/** `{hd}:site:<name>`: an office. Its dial plan is a file at its nodes. */
export interface Site {
  readonly id: SiteName
  readonly name: string
  /** As written: `24h`, `never`. */
  readonly homeLostLogout: string
  /** How long its users stay logged in elsewhere while no node of the site is alive; null: forever. */
  readonly homeLostLogoutMs: Milliseconds | null
  readonly homeReturn: HomeReturn
  /** When its last node was lost; null: a node is alive, or there never was one. */
  readonly lost: Milliseconds | null
  /** When a node was alive again after that. */
  readonly back: Milliseconds | null
  /** Its emergency numbers, reported by its nodes. */
  readonly emergency: readonly string[]
  /** The extension whose login code would equal the site's logout code, reported by its nodes. */
  readonly reserved: string | null
  /** Its direct numbers and their extensions, reported by its nodes: `+44207946010X=10X`. */
  readonly dids: readonly string[]
  /** The profiles of its dial plan, reported by its nodes. */
  readonly profiles: SiteProfiles
  /** The time zone of its dial plan, reported by its nodes; null: none. */
  readonly timezone: string | null
  /** The language of its dial plan, reported by its nodes; null: none. */
  readonly language: Language | null
  /** What the keys of its phones dial, reported by its nodes. */
  readonly codes: SiteCodes
}

/** Fields to change; other fields stay. A new record needs at least `home` (user) or `site` (device). */
export type UserEdit = Partial<Omit<User, 'extension' | 'home' | 'forwards'>> & {
  readonly home?: string
  readonly forwards?: Partial<Forwards>
}
export type DeviceEdit = Partial<Omit<Device, 'id' | 'site' | 'owner'>> & {
  readonly site?: string
  readonly owner?: string | null
  /** The sealed password of an export, stored as is. */
  readonly sealed?: string
}

export type SiteEdit = Partial<Pick<Site, 'name' | 'homeLostLogout' | 'homeReturn'>>

/** What an edit expects: `new` adds a record and never changes one, `known` changes a record and never adds one. */
export type Expected = 'new' | 'known' | 'any'

/** `reasons` has a sentence for every problem. `EXISTS` and `UNKNOWN`: the record is not as expected, and nothing is written. */
export type EditOutcome =
  | { readonly outcome: 'SAVED' | 'EXISTS' | 'UNKNOWN' }
  | { readonly outcome: 'REFUSED'; readonly reasons: readonly string[] }
/** An edit that was checked but not written. `change` has only the fields that differ; null: none differs. */
export type Prepared =
  | { readonly outcome: 'PREPARED'; readonly change: RecordChange | null }
  | { readonly outcome: 'REFUSED'; readonly reasons: readonly string[] }
export type RemoveOutcome = { readonly outcome: 'REMOVED' | 'UNKNOWN' }

/** Users, devices, sites and live nodes, from the copy in memory. */
export interface Directory {
  /** False if Redis was not reached yet and there is no saved copy. Then an unknown phone may well exist. */
  readonly isFilled: boolean
  user(extension: Extension): User | null
  device(id: DeviceId): Device | null
  node(name: NodeName): LiveNode | null
  site(id: SiteName): Site | null
  users(): readonly User[]
  devices(): readonly Device[]
  nodes(): readonly LiveNode[]
  /** Sites with a record: sites that ever had a node, and sites that an operator has added. */
  sites(): readonly Site[]
  /** Phones that belong to this user while nobody is logged in at them. */
  ownedBy(extension: Extension): readonly Device[]
  /** A user was added, edited or removed. */
  onUserChange(listener: (extension: Extension) => void): () => void
  /** A device was added, edited or removed. Not fired if only its state or refresh has changed. */
  onDeviceChange(listener: (device: DeviceId) => void): () => void
  onNodeChange(listener: (node: NodeName) => void): () => void
  onSiteChange(listener: (site: SiteName) => void): () => void
  /** The phone with this MAC address, twelve lower-case hexadecimal digits. */
  withMac(mac: string): DeviceId | null
  /** Writes to Redis, which checks `expected`. Resolves once the copy has the change. @throws AppError STORE_UNAVAILABLE */
  /** `by`: a user who changes the record by a code; the event names them. */
  putUser(extension: string, edit: UserEdit, expected?: Expected, by?: PhoneUser): Promise<EditOutcome>
  putDevice(id: string, edit: DeviceEdit, expected?: Expected): Promise<EditOutcome>
  putSite(id: string, edit: SiteEdit, expected?: Expected): Promise<EditOutcome>
  removeUser(extension: Extension): Promise<RemoveOutcome>
  removeDevice(id: DeviceId): Promise<RemoveOutcome>
  removeSite(id: SiteName): Promise<RemoveOutcome>
  /** What the edit would change, without writing it. */
  prepareUser(extension: string, edit: UserEdit): Prepared
  prepareDevice(id: string, edit: DeviceEdit): Prepared
  prepareSite(id: string, edit: SiteEdit): Prepared
  /** Writes all changes, and these entries, in one transaction, or none. @throws AppError STORE_UNAVAILABLE, STORE_PROTOCOL */
  apply(changes: readonly RecordChange[], onQueued?: (count: number) => void, entries?: readonly StreamWrite[]): Promise<void>
  close(): void
}
