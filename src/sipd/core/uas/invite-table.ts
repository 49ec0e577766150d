import { type Table, type TimerAction, timerActions } from '../../../base/machine.js'

export type ServerInviteState = 'idle' | 'trying' | 'proceeding' | 'accepted' | 'confirmed' | 'terminated'

/** `provisional`: repeats the 1xx; `retransmit`: repeats the 2xx; `ack`: no ACK arrives. */
export type ServerInviteTimer = 'provisional' | 'retransmit' | 'ack'

export type ServerInviteInput =
  | 'start'
  /** From the application. `no response`: it has not responded in time. */
  | '1xx'
  | '2xx'
  | '300-699'
  | 'no response'
  | 'application gone'
  /** From the network. `no prack`: a reliable 1xx was not acknowledged. */
  | 'cancel'
  | 'bye'
  | 'ack'
  | 'no prack'
  | 'transport error'
  | `timer ${ServerInviteTimer}`

export type ServerInviteAction =
  | 'send 100'
  | 'send response'
  | 'repeat 1xx'
  | 'repeat 2xx'
  | 'drop response'
  | 'pass ack'
  | 'answer cancel'
  | 'pass cancel'
  | 'send 408'
  | 'send 480'
  | 'send 487'
  | 'send 504'
  | 'send bye'
  | 'settle'

const { start, stop, double } = timerActions<ServerInviteTimer>('provisional', 'retransmit', 'ack')

/**
 * An INVITE from the network that an application handles: RFC 3261 §13.3.1 (a 1xx is repeated every minute, a 2xx until its ACK; without an
 * ACK the dialog ends with BYE), §9.2 (CANCEL), RFC 3262 §3 (no PRACK: 5xx). An application that does not respond or is gone leaves no
 * caller waiting.
 */
export const serverInviteTable: Table<ServerInviteState, ServerInviteInput, ServerInviteAction | TimerAction<ServerInviteTimer>> = {
  idle: {
    start: ['trying', 'send 100'],
  },
  trying: {
    '1xx': ['proceeding', 'send response', start.provisional],
    '2xx': ['accepted', 'send response', start.retransmit, start.ack],
    '300-699': ['terminated', 'send response', 'settle'],
    'application gone': ['terminated', 'send 480', 'settle'],
    cancel: ['terminated', 'answer cancel', 'send 487', 'pass cancel', 'settle'],
    'transport error': ['terminated', 'settle'],
    'no response': ['terminated', 'send 408', 'settle'],
  },
  proceeding: {
    '1xx': ['proceeding', 'send response', start.provisional],
    'timer provisional': ['proceeding', 'repeat 1xx', start.provisional],
    '2xx': ['accepted', stop.provisional, 'send response', start.retransmit, start.ack],
    '300-699': ['terminated', stop.provisional, 'send response', 'settle'],
    'application gone': ['terminated', stop.provisional, 'send 480', 'settle'],
    cancel: ['terminated', stop.provisional, 'answer cancel', 'send 487', 'pass cancel', 'settle'],
    bye: ['terminated', stop.provisional, 'send 487', 'pass cancel', 'settle'],
    'transport error': ['terminated', stop.provisional, 'settle'],
    'no prack': ['terminated', stop.provisional, 'send 504', 'pass cancel', 'settle'],
  },
  accepted: {
    'timer retransmit': ['accepted', 'repeat 2xx', double.retransmit],
    ack: ['confirmed', stop.retransmit, stop.ack, 'drop response', 'pass ack'],
    // RFC 3261 §9.2: a CANCEL after the final response has no effect.
    cancel: ['accepted', 'answer cancel'],
    bye: ['terminated', stop.retransmit, stop.ack, 'drop response'],
    'timer ack': ['terminated', stop.retransmit, 'drop response', 'send bye'],
    'application gone': ['terminated', stop.retransmit, stop.ack, 'drop response'],
  },
  confirmed: {
    ack: ['confirmed', 'pass ack'],
    cancel: ['confirmed', 'answer cancel'],
  },
  terminated: {
    cancel: ['terminated', 'answer cancel'],
  },
}
