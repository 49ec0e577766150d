import type { Clock, Milliseconds } from '../base/clock.js'
import type { ListenAddress } from '../base/listen-address.js'
import type { Logger } from '../base/logger.js'
import type { Secret } from '../base/secret.js'
import type { KnownSources } from './transaction/admission/sources/known-sources.js'
import type { Counts, Load } from './transaction/counts.js'
import type { TlsIdentity } from './transport/tls.js'

export interface SipdNeeds {
  readonly listen: readonly ListenAddress[]
  /** The host that Via, Contact and Record-Route show instead of the listen address; null: the listen address itself. */
  readonly advertise: string | null
  /** With `tls` applications connect over TLS, to the same identity as phones; over TCP by default. */
  readonly admin: { readonly address: string; readonly port: number; readonly protocol?: 'tcp' | 'tls' }
  /** Applications that we connect to for each request of a kind, instead of asking those that have connected to us. */
  readonly outbound?: readonly OutboundRoute[]
  readonly secret: Secret
  /** Who we are over tls and wss; null or absent where neither is listened for. */
  readonly tls?: TlsIdentity | null
  /** Web pages that may connect by WebSocket: `https://phones.example`, `*`. By default those of the host they connect to. */
  readonly origins?: readonly string[]
  readonly clock: Clock
  readonly log: Logger
  /** T1, T2, T4 of RFC 3261 §17, in milliseconds. */
  readonly timers: { readonly t1: Milliseconds; readonly t2: Milliseconds; readonly t4: Milliseconds }
  /** User parts of Request-URIs that are let in however much there is to do; 112 and 911 by default. */
  readonly emergency?: readonly string[]
  /** Applications hear of the 100 of their INVITE as well, which a drachtio-server keeps to itself; false by default. */
  readonly tellsTrying?: boolean
  /** What the application knows from the start; null or absent: no source is a stranger until `setKnownSources` is called. */
  readonly knownSources?: KnownSources | null
  /** Hears that the connection of a phone that has proved itself is gone: `tcp 192.0.2.7:40312`. */
  readonly flowGone?: (flow: string) => void
  /** How long requests wait for the first application that takes INVITEs, before they hear 503; 0 by default. */
  readonly patienceMs?: Milliseconds
}

/** drachtio's request handlers: what becomes of a new request of a method, before those are asked that have connected to us. */
export type OutboundRoute = {
  /** Upper case; `*`: any. */
  readonly method: string
} & (OutboundPlace | Advice)

/** A connection to the application is opened for each request; it authenticates with the secret. */
export interface OutboundPlace {
  readonly protocol: 'tcp' | 'tls'
  readonly address: string
  readonly port: number
}

/** An HTTP server says what becomes of each request. */
export interface Advice {
  readonly protocol: 'http'
  readonly url: string
}

/** The embedded SIP server: RFC 3261 towards the network, drachtio's admin wire towards the application. */
export interface Sipd {
  /** What is really bound. */
  readonly listening: readonly ListenAddress[]
  readonly admin: { readonly address: string; readonly port: number }
  /** Another certificate for new connections; those that are open stay as they are. Rejects with AppError CONFIG_INVALID where it does not fit its key. */
  renewTls(identity: TlsIdentity): Promise<void>
  /** What the application knows now of those who send, in the place of what it knew before. */
  setKnownSources(sources: KnownSources): Promise<void>
  /** What the network has brought, and how full the tables are; null while nobody is there to answer. */
  counts(): Promise<SipdCounts | null>
  close(): Promise<void>
}

/** One in this thread: always there to be asked. */
export interface LocalSipd extends Sipd {
  counts(): Promise<SipdCounts>
}

/** Sums since the start, and how full the tables are now. */
export interface SipdCounts extends Counts, Load {
  readonly dialogs: number
  /** Requests that wait for an application, and INVITEs of applications that wait for the network. */
  readonly unfinished: number
  /** Requests refused because the application did not read fast enough. */
  readonly shed: number
  /** Connections of applications that failed and were followed by another one, nothing lost. */
  readonly resumptions: number
  /** Bytes that wait for applications. */
  readonly unread: number
  /** Connected to the admin wire. */
  readonly applications: number
  /** How often the thread of the server has died and was started again. */
  readonly restarts: number
}
