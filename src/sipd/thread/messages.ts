import type { PlainError } from '../../base/errors.js'
import type { LogEvent } from '../../base/events.js'
import type { Level } from '../../base/logger.js'
import { Secret } from '../../base/secret.js'
import type { Sipd, SipdCounts, SipdNeeds } from '../contract.js'
import type { Recorded, RecordSearch } from '../recording.js'
import type { ChallengeTerms, KnownSources } from '../transaction/admission/sources/known-sources.js'
import type { TlsIdentity } from '../transport/tls.js'

// Messages between the threads are copied, so they are plain data, and a Secret is passed as its text. It never leaves the process.

/** The settings with which the thread starts. */
export interface Beginning
  extends Pick<
    SipdNeeds,
    'listen' | 'advertise' | 'origins' | 'admin' | 'outbound' | 'timers' | 'patienceMs' | 'emergency' | 'reportsTrying'
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

/** A question to the thread. Its answer has the same id. */
export type Question =
  | { readonly id: number; readonly kind: 'counts' | 'close' }
  | { readonly id: number; readonly kind: 'recorded'; readonly search: RecordSearch }
  | { readonly id: number; readonly kind: 'close idle'; readonly flows: readonly string[] }
  | { readonly id: number; readonly kind: 'log level'; readonly level: Level }
  | { readonly id: number; readonly kind: 'renew tls'; readonly identity: BareIdentity }
  | { readonly id: number; readonly kind: 'known sources'; readonly knownSources: BareKnownSources }

/** What a question has asked for; null for the others. */
export interface Answer {
  readonly counts: SipdCounts | null
  readonly recorded: Recorded | null
}

/** A message from the thread. */
export type News =
  | { readonly kind: 'listening'; readonly places: Pick<Sipd, 'listening' | 'admin'> }
  /** The thread could not start. */
  | { readonly kind: 'failed'; readonly fault: BareFault }
  | { readonly kind: 'log'; readonly line: LogLine }
  | { readonly kind: 'flow gone'; readonly flow: string }
  | ({ readonly kind: 'answer'; readonly id: number; readonly fault: BareFault | null } & Answer)

/** A code of null: an unexpected error. */
export type BareFault = PlainError | { readonly code: null; readonly message: string }

/** A log line, parsed from pino's output. */
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
