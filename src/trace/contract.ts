import type { Clock } from '../base/clock.js'
import type { Handlers, Reply, Request } from '../control/control.js'
import type { Directory } from '../directory/directory.js'
import type { Sipd } from '../sipd/sipd.js'
import type { NetworkClock } from '../store/store.js'
import type { IsShown } from './blanking/digits.js'

export type TraceSubject = Request<'trace'>['asked']['subject']
/** A SIP message as a node reports it. */
export type TracedMessage = Reply<'traced'>['messages'][number]

/** The dialogs of a call at this node. */
export interface CallLegs {
  readonly id: string
  readonly isOpen: boolean
  readonly legs: readonly { readonly callId: string; readonly peer: string; readonly isDialledByPhone: boolean }[]
}

export interface TraceNeeds {
  /** Null for a drachtio-server. */
  readonly recorded: Sipd['recorded'] | null
  /** Calls in progress, and the latest that have ended. */
  readonly legs: () => readonly CallLegs[]
  /** Whether digits that a phone has dialled may be shown. */
  readonly isShown: IsShown
  readonly directory: Pick<Directory, 'device'>
  readonly clock: Clock
  readonly networkClock: Pick<NetworkClock, 'aheadMs'>
  /** Writes the event; one field names what is traced. */
  readonly audit: (subject: Readonly<Record<string, string>>, by: string) => void
}

/** Traces under way at this node. */
export interface Trace extends Pick<Handlers, 'trace' | 'traced'> {
  close(): void
}
