import type { Table } from '../../../base/machine.js'

export type ClientCallState = 'calling' | 'ringing' | 'cancelled' | 'answered' | 'unwanted' | 'abandoned' | 'acknowledged' | 'over'

export type ClientCallInput =
  /** From the network. */
  | '1xx'
  | '2xx'
  | '300-699'
  /** From the application. */
  | 'ack'
  | 'cancel'
  | 'application gone'
  /** From the clock: Timer C, and 64 × T1 without the application's ACK. */
  | 'rings too long'
  | 'no ack'

export type ClientCallAction =
  | 'pass response'
  | 'wait while it rings'
  | 'stop waiting'
  | 'wait for ack'
  | 'send cancel'
  | 'send ack'
  | 'repeat ack'
  | 'send bye'
  | 'send late bye'
  | 'forget'

/**
 * An INVITE that we send for an application: RFC 3261 §13.2.2. The application acknowledges a 2xx; further copies of the 2xx are
 * acknowledged for it. A 2xx that crossed a CANCEL is acknowledged and ended (§15); so is one whose application is gone, or
 * does not acknowledge it while the far end repeats it.
 */
export const clientCallTable: Table<ClientCallState, ClientCallInput, ClientCallAction> = {
  calling: {
    '1xx': ['ringing', 'wait while it rings', 'pass response'],
    '2xx': ['answered', 'wait for ack', 'pass response'],
    '300-699': ['over', 'pass response', 'forget'],
    cancel: ['cancelled', 'send cancel'],
    'application gone': ['abandoned', 'send cancel'],
  },
  ringing: {
    '1xx': ['ringing', 'wait while it rings', 'pass response'],
    '2xx': ['answered', 'stop waiting', 'wait for ack', 'pass response'],
    '300-699': ['over', 'stop waiting', 'pass response', 'forget'],
    cancel: ['cancelled', 'stop waiting', 'send cancel'],
    'rings too long': ['cancelled', 'send cancel'],
    'application gone': ['abandoned', 'stop waiting', 'send cancel'],
  },
  cancelled: {
    '1xx': ['cancelled', 'pass response'],
    '2xx': ['unwanted', 'wait for ack', 'pass response'],
    '300-699': ['over', 'pass response', 'forget'],
    'application gone': ['abandoned'],
  },
  answered: {
    ack: ['acknowledged', 'stop waiting', 'send ack'],
    cancel: ['unwanted'],
    'application gone': ['over', 'stop waiting', 'send ack', 'send bye', 'forget'],
    'no ack': ['over', 'send ack', 'send late bye', 'forget'],
  },
  unwanted: {
    ack: ['over', 'stop waiting', 'send ack', 'send bye', 'forget'],
    'application gone': ['over', 'stop waiting', 'send ack', 'send bye', 'forget'],
    'no ack': ['over', 'send ack', 'send late bye', 'forget'],
  },
  abandoned: {
    '2xx': ['over', 'send ack', 'send bye', 'forget'],
    '300-699': ['over', 'forget'],
  },
  acknowledged: {
    '2xx': ['acknowledged', 'repeat ack'],
  },
  over: {
    '2xx': ['over', 'repeat ack'],
  },
}
