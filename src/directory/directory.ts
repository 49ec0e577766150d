import type { DeviceId, Extension, NodeName, SiteName } from '../base/identity.js'
import type { Secret } from '../base/secret.js'

/** Where a call goes when the user's phone does not take it; digits or null. */
export interface Forwards {
  readonly always: string | null
  readonly busy: string | null
  readonly noAnswer: string | null
  readonly notLoggedIn: string | null
  readonly notReachable: string | null
}

/** `{hd}:user:<ext>` */
export interface User {
  readonly extension: Extension
  readonly name: string
  readonly home: SiteName
  /** scrypt hash, null where no PIN is set (such a user cannot log in). */
  readonly pinHash: string | null
  readonly enabled: boolean
  readonly mayHotdesk: boolean
  readonly secondLogin: 'move' | 'deny' | 'allow'
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
  readonly mac: string | null
  readonly model: string | null
  /** The user to whom an un-hot-desked phone belongs. */
  readonly owner: Extension | null
}

/** `{hd}:node:<name>`, kept alive by its heartbeat. */
export interface LiveNode {
  readonly name: NodeName
  readonly site: SiteName
  /** `udp:192.0.2.10:5060`: where other nodes send calls for it. */
  readonly sip: string
  readonly version: string
}

/** People, phones, sites and living nodes, all from memory. */
export interface Directory {
  user(extension: Extension): User | null
  device(id: DeviceId): Device | null
  node(name: NodeName): LiveNode | null
  users(): readonly User[]
  devices(): readonly Device[]
  nodes(): readonly LiveNode[]
  onUserChange(listener: (extension: Extension) => void): () => void
  onDeviceChange(listener: (device: DeviceId) => void): () => void
}
