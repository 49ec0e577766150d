import { type Table, type TimerAction, timerActions } from '../../../base/machine.js'

export type ClientInviteState =
  | 'calling'
  | 'proceeding'
  | 'cancelled'
  | 'accepted'
  /** Accepted, although the application has cancelled it. */
  | 'unwanted'
  /** The application is gone before the final response. */
  | 'abandoned'
  | 'confirmed'
  | 'terminated'

/** C: the INVITE rings too long; `ack`: the application does not acknowledge the 2xx for 64 × T1. */
export type ClientInviteTimer = 'C' | 'ack'

export type ClientInviteInput =
  /** From the network. `1xx`: any but 100. */
  | '100'
  | '1xx'
  | '2xx'
  | '300-699'
  /** From the application. */
  | 'ack'
  | 'cancel'
  | 'application gone'
  | `timer ${ClientInviteTimer}`

export type ClientInviteAction = 'pass response' | 'send cancel' | 'send ack' | 'repeat ack' | 'send bye' | 'send late bye' | 'forget'

const { start, stop } = timerActions<ClientInviteTimer>('C', 'ack')

/**
 * An INVITE that an application sends (RFC 3261 §13.2.2). The application acknowledges the 2xx; the server repeats its ACK for each
 * repeated 2xx. The server itself sends ACK and BYE (§15) for a 2xx that crossed a CANCEL, whose application is gone, or that the
 * application does not acknowledge while the far end repeats it. A 100 starts timer C, and does not restart it (§16.6 step 11): after it,
 * nothing else would end an INVITE in a dialog, which holds up every other offer there.
 */
export const clientInviteTable: Table<ClientInviteState, ClientInviteInput, ClientInviteAction | TimerAction<ClientInviteTimer>> = {
  calling: {
    '100': ['proceeding', start.C],
    '1xx': ['proceeding', start.C, 'pass response'],
    '2xx': ['accepted', start.ack, 'pass response'],
    '300-699': ['terminated', 'pass response', 'forget'],
    cancel: ['cancelled', 'send cancel'],
    'application gone': ['abandoned', 'send cancel'],
  },
  proceeding: {
    '1xx': ['proceeding', start.C, 'pass response'],
    '2xx': ['accepted', stop.C, start.ack, 'pass response'],
    '300-699': ['terminated', stop.C, 'pass response', 'forget'],
    cancel: ['cancelled', stop.C, 'send cancel'],
    'timer C': ['cancelled', 'send cancel'],
    'application gone': ['abandoned', stop.C, 'send cancel'],
  },
  cancelled: {
    '1xx': ['cancelled', 'pass response'],
    '2xx': ['unwanted', start.ack, 'pass response'],
    '300-699': ['terminated', 'pass response', 'forget'],
    'application gone': ['abandoned'],
  },
  accepted: {
    ack: ['confirmed', stop.ack, 'send ack'],
    cancel: ['unwanted'],
    'application gone': ['terminated', stop.ack, 'send ack', 'send bye', 'forget'],
    'timer ack': ['terminated', 'send ack', 'send late bye', 'forget'],
  },
  unwanted: {
    ack: ['terminated', stop.ack, 'send ack', 'send bye', 'forget'],
    'application gone': ['terminated', stop.ack, 'send ack', 'send bye', 'forget'],
    'timer ack': ['terminated', 'send ack', 'send late bye', 'forget'],
  },
  abandoned: {
    '2xx': ['terminated', 'send ack', 'send bye', 'forget'],
    '300-699': ['terminated', 'forget'],
  },
  confirmed: {
    '2xx': ['confirmed', 'repeat ack'],
  },
  terminated: {
    '2xx': ['terminated', 'repeat ack'],
  },
}
