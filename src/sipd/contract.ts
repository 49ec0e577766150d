import type { Clock, Milliseconds } from '../base/clock.js'
import type { ListenAddress } from '../base/listen-address.js'
import type { Level, Logger } from '../base/logger.js'
import type { Secret } from '../base/secret.js'
import type { Recorded, RecordSearch } from './recording.js'
import type { KnownSources } from './transaction/admission/sources/known-sources.js'
import type { Counts, Load } from './transaction/counts.js'
import type { TlsIdentity } from './transport/tls.js'

export interface SipdNeeds {
  readonly listen: readonly ListenAddress[]
  /** Host in Via, Contact and Record-Route instead of the listen address; null: the listen address. */
  readonly advertise: string | null
  /** With `tls`, applications connect over TLS with the same certificate as phones; over TCP by default. */
  readonly admin: { readonly address: string; readonly port: number; readonly protocol?: 'tcp' | 'tls' }
  /** Applications to which we connect for each request of a method, instead of using those that have connected to us. */
  readonly outbound?: readonly OutboundRoute[]
  readonly secret: Secret
  /** Certificate for tls and wss; null or absent if neither is used. */
  readonly tls?: TlsIdentity | null
  /** Web pages that may connect by WebSocket: `https://phones.example`, `*`. By default, pages of the host that they connect to. */
  readonly origins?: readonly string[]
  readonly clock: Clock
  readonly log: Logger
  /** T1, T2, T4 of RFC 3261 §17, in milliseconds. */
  readonly timers: { readonly t1: Milliseconds; readonly t2: Milliseconds; readonly t4: Milliseconds }
  /** User parts of Request-URIs that are always admitted; 112 and 911 by default. */
  readonly emergency?: readonly string[]
  /** Also reports 100 Trying to the application, which drachtio-server does not; false by default. */
  readonly reportsTrying?: boolean
  /** Known sources at the start; null or absent: no limits for unknown ones until `setKnownSources` is called. */
  readonly knownSources?: KnownSources | null
  /** Called when the connection of a known source is closed: `tcp 192.0.2.7:40312`. */
  readonly flowGone?: (flow: string) => void
  /** How long requests wait for the first application that handles INVITEs before they get 503; 0 by default. */
  readonly patienceMs?: Milliseconds
}

/** drachtio's request handlers: where new requests of a method go, before applications that have connected to us. */
export type OutboundRoute = {
  /** Upper case; `*`: any. */
  readonly method: string
} & (OutboundPlace | Advice)

/** A connection to the application is opened for each request. The application authenticates with the secret. */
export interface OutboundPlace {
  readonly protocol: 'tcp' | 'tls'
  readonly address: string
  readonly port: number
}

/** An HTTP server decides on each request. */
export interface Advice {
  readonly protocol: 'http'
  readonly url: string
}

/** The embedded SIP server: RFC 3261 towards the network, drachtio's admin wire towards the application. */
export interface Sipd {
  /** The bound addresses. */
  readonly listening: readonly ListenAddress[]
  readonly admin: { readonly address: string; readonly port: number }
  /** Changes the certificate for new connections; open ones do not change. Rejects with AppError CONFIG_INVALID if it does not match its key. */
  renewTls(identity: TlsIdentity): Promise<void>
  setLogLevel(level: Level): Promise<void>
  /** Replaces the known sources. */
  setKnownSources(sources: KnownSources): Promise<void>
  /**
   * Closes these connections (`tcp 192.0.2.7:40312`). One that is in use stays open: it carries a call, something has arrived over it in the last
   * two seconds, or a request waits for its final response.
   */
  closeIdle(flows: readonly string[]): Promise<void>
  /** Counts and table sizes; null while the server does not respond. */
  counts(): Promise<SipdCounts | null>
  /** Messages among the latest, which are kept in memory; null while the server does not respond. */
  recorded(search: RecordSearch): Promise<Recorded | null>
  close(): Promise<void>
}

/** A server in this thread, which always responds. */
export interface LocalSipd extends Sipd {
  counts(): Promise<SipdCounts>
  recorded(search: RecordSearch): Promise<Recorded>
}

/** Counts since the start, and present table sizes. */
export interface SipdCounts extends Counts, Load {
  readonly dialogs: number
  /** Requests that wait for an application, and INVITEs of applications that wait for the network. */
  readonly unfinished: number
  /** Requests refused because the application did not read fast enough. */
  readonly shed: number
  /** How often an application has resumed over another connection, without loss. */
  readonly resumptions: number
  /** Bytes that applications have not read. */
  readonly unread: number
  /** Connections to the admin wire. */
  readonly applications: number
  /** How often the thread of the server has been restarted after its death. */
  readonly restarts: number
}
