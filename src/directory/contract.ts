import type { Milliseconds } from '../base/clock.js'
import type { DeviceId, Extension, NodeName, SiteName } from '../base/identity.js'
import type { Secret } from '../base/secret.js'
import type { RecordChange } from '../store/store.js'

/** Where a call goes when the user's phone does not take it; digits or null. */
export interface Forwards {
  readonly always: string | null
  readonly busy: string | null
  readonly noAnswer: string | null
  readonly notLoggedIn: string | null
  readonly notReachable: string | null
}

export const secondLogins = ['move', 'deny', 'allow'] as const
/** What a login does to a user who sits elsewhere. */
type SecondLogin = (typeof secondLogins)[number]

/** `{hd}:user:<ext>` */
export interface User {
  readonly extension: Extension
  readonly name: string
  readonly home: SiteName
  /** scrypt hash, null where no PIN is set (such a user cannot log in). */
  readonly pinHash: string | null
  readonly enabled: boolean
  readonly mayHotdesk: boolean
  /** Whether calls follow a forward that the user's phone sets by itself, with a 302. */
  readonly mayForward: boolean
  readonly secondLogin: SecondLogin
  /** How long this user's phone rings before no-answer treatment. */
  readonly ringSeconds: number
  readonly forwards: Forwards
}

/** `{hd}:device:<id>`: the installer's part of it. The parts that change with use (state, since, via, refresh) belong to hotdesk and phones. */
export interface Device {
  readonly id: DeviceId
  readonly site: SiteName
  readonly hotdesk: boolean
  /** SIP password in the clear, unsealed; null where none is set (such a device cannot register). */
  readonly password: Secret | null
  /** Emergency caller number of this phone, null: the site's. */
  readonly elin: string | null
  readonly location: string | null
  /** Twelve small hexadecimal digits. */
  readonly mac: string | null
  readonly model: string | null
  /** The user whose phone this is while nobody else has logged in on it. */
  readonly owner: Extension | null
}

/** `{hd}:node:<name>`, kept alive by its heartbeat. */
export interface LiveNode {
  readonly name: NodeName
  readonly site: SiteName
  /** `udp:192.0.2.10:5060`: where other nodes send calls for it. */
  readonly sip: string
  readonly version: string
  /** Names its process: another start has another one. */
  readonly boot: string
  /** The version of passports for calls between nodes that it understands. */
  readonly passports: 1 | 2
}

export const homeReturns = ['keep', 'return'] as const
/** Whether people of a site who sit elsewhere are logged out there when the site is back after a loss. */
type HomeReturn = (typeof homeReturns)[number]

/** `{hd}:site:<name>`: what the network knows of an office; its dial plan is a file of its nodes. */
export interface Site {
  readonly id: SiteName
  readonly name: string
  /** As it is written: `24h`, `never`. */
  readonly homeLostLogout: string
  /** How long its people stay logged in elsewhere while no node of the site lives; null: for good. */
  readonly homeLostLogoutMs: Milliseconds | null
  readonly homeReturn: HomeReturn
  /** Since when none of its nodes lives, null: one does, or there never was one. */
  readonly lost: Milliseconds | null
  /** When one of them lived again after that. */
  readonly back: Milliseconds | null
  /** What its people know as a call for help, as its nodes have said. */
  readonly emergency: readonly string[]
  /** The extension whose login code would read like the logout code of the site, as its nodes have said. */
  readonly reserved: string | null
}

/** What is to be different; what is not named stays as it is. A new record needs at least `home` (user) or `site` (device). */
export type UserEdit = Partial<Omit<User, 'extension' | 'home' | 'forwards'>> & {
  readonly home?: string
  readonly forwards?: Partial<Forwards>
}
export type DeviceEdit = Partial<Omit<Device, 'id' | 'site' | 'owner'>> & {
  readonly site?: string
  readonly owner?: string | null
  /** The password as it is sealed in an export; it is kept as it is written. */
  readonly sealed?: string
}

export type SiteEdit = Partial<Pick<Site, 'name' | 'homeLostLogout' | 'homeReturn'>>

/** What an edit needs to find: `new` adds a record and never changes one, `known` changes one and never adds one. */
export type Expected = 'new' | 'known' | 'any'

/** `reasons` are sentences for whoever asked, all of them at once. `EXISTS` and `UNKNOWN`: not what was expected; nothing is written. */
export type EditOutcome =
  | { readonly outcome: 'SAVED' | 'EXISTS' | 'UNKNOWN' }
  | { readonly outcome: 'REFUSED'; readonly reasons: readonly string[] }
/** An edit that has been checked and not been written. `change` has only what differs from what is there; null: nothing does. */
export type Prepared =
  | { readonly outcome: 'PREPARED'; readonly change: RecordChange | null }
  | { readonly outcome: 'REFUSED'; readonly reasons: readonly string[] }
export type RemoveOutcome = { readonly outcome: 'REMOVED' | 'UNKNOWN' }

/** People, phones, sites and living nodes, all from memory. */
export interface Directory {
  /** False as long as nothing is known of anybody: Redis was not reached yet, and there was no saved copy. Then an unknown phone proves nothing. */
  readonly isFilled: boolean
  user(extension: Extension): User | null
  device(id: DeviceId): Device | null
  node(name: NodeName): LiveNode | null
  site(id: SiteName): Site | null
  users(): readonly User[]
  devices(): readonly Device[]
  nodes(): readonly LiveNode[]
  /** Sites that have a record: those that ever had a node, and those that an operator has added. */
  sites(): readonly Site[]
  /** Phones that are this user's own while nobody else has logged in on them. */
  ownedBy(extension: Extension): readonly Device[]
  /** A user was added, edited or removed. */
  onUserChange(listener: (extension: Extension) => void): () => void
  /** A device was added, edited or removed; not told when only its state or refresh has changed. */
  onDeviceChange(listener: (device: DeviceId) => void): () => void
  onNodeChange(listener: (node: NodeName) => void): () => void
  onSiteChange(listener: (site: SiteName) => void): () => void
  /** The phone with this hardware address, twelve small hexadecimal digits. */
  withMac(mac: string): DeviceId | null
  /** Writes to Redis, which decides whether it finds what is expected; the change comes back through the copy. @throws AppError STORE_UNAVAILABLE */
  putUser(extension: string, edit: UserEdit, expected?: Expected): Promise<EditOutcome>
  putDevice(id: string, edit: DeviceEdit, expected?: Expected): Promise<EditOutcome>
  putSite(id: string, edit: SiteEdit, expected?: Expected): Promise<EditOutcome>
  removeUser(extension: Extension): Promise<RemoveOutcome>
  removeDevice(id: DeviceId): Promise<RemoveOutcome>
  removeSite(id: SiteName): Promise<RemoveOutcome>
  /** The same without writing: what the edit would change. */
  prepareUser(extension: string, edit: UserEdit): Prepared
  prepareDevice(id: string, edit: DeviceEdit): Prepared
  prepareSite(id: string, edit: SiteEdit): Prepared
  /** Writes all of them in one moment, or none. @throws AppError STORE_UNAVAILABLE, STORE_PROTOCOL */
  apply(changes: readonly RecordChange[], onQueued?: (count: number) => void): Promise<void>
  close(): void
}
