import type { PlainError } from '../../base/errors.js'
import type { LogEvent } from '../../base/events.js'
import type { Level } from '../../base/logger.js'
import { Secret } from '../../base/secret.js'
import type { Sipd, SipdCounts, SipdNeeds } from '../contract.js'
import type { ChallengeTerms, KnownSources } from '../transaction/admission/sources/known-sources.js'
import type { TlsIdentity } from '../transport/tls.js'

// What crosses between the threads is copied: plain data, so that a Secret travels as its text. It never leaves the process.

/** What the thread begins with. */
export interface Beginning
  extends Pick<
    SipdNeeds,
    'listen' | 'advertise' | 'origins' | 'admin' | 'outbound' | 'timers' | 'patienceMs' | 'emergency' | 'tellsTrying'
  > {
  readonly secret: string
  readonly tls: BareIdentity | null
  readonly knownSources: BareKnownSources | null
  readonly level: Level
}

export interface BareIdentity extends Omit<TlsIdentity, 'key'> {
  readonly key: string
}

export interface BareKnownSources extends Omit<KnownSources, 'challenge'> {
  readonly challenge: (Omit<ChallengeTerms, 'key'> & { readonly key: string }) | null
}

/** What the thread is asked; each is answered under its number. */
export type Question =
  | { readonly id: number; readonly kind: 'counts' | 'close' }
  | { readonly id: number; readonly kind: 'renew tls'; readonly identity: BareIdentity }
  | { readonly id: number; readonly kind: 'known sources'; readonly knownSources: BareKnownSources }

/** What the thread tells. */
export type News =
  | { readonly kind: 'listening'; readonly places: Pick<Sipd, 'listening' | 'admin'> }
  /** It could not begin. */
  | { readonly kind: 'failed'; readonly fault: BareFault }
  | { readonly kind: 'log'; readonly line: LogLine }
  | { readonly kind: 'flow gone'; readonly flow: string }
  | { readonly kind: 'answer'; readonly id: number; readonly counts: SipdCounts | null; readonly fault: BareFault | null }

/** A code of null: an unexpected error. */
export type BareFault = PlainError | { readonly code: null; readonly message: string }

/** A line of the log as pino prints it, read back. */
export interface LogLine {
  readonly level: Exclude<Level, 'silent'>
  readonly event: LogEvent
  readonly msg: string
  readonly [field: string]: unknown
}

export function bareIdentity({ certificate, key, authorities }: TlsIdentity): BareIdentity {
  return { certificate, key: key.reveal(), authorities }
}

export function bareKnownSources({ challenge, ...plain }: KnownSources): BareKnownSources {
  return { ...plain, challenge: challenge && { ...challenge, key: challenge.key.reveal() } }
}

export function knownSourcesOf({ challenge, ...plain }: BareKnownSources): KnownSources {
  return { ...plain, challenge: challenge && { ...challenge, key: new Secret(challenge.key) } }
}

export function identityOf({ certificate, key, authorities }: BareIdentity): TlsIdentity {
  return { certificate, key: new Secret(key), authorities }
}
