import type { Table } from '../../../base/machine.js'

export type ServerCallState = 'waiting' | 'ringing' | 'answered' | 'acknowledged' | 'over'

export type ServerCallInput =
  /** From the application. */
  | '1xx'
  | '2xx'
  | '300-699'
  | 'application gone'
  /** From the network. */
  | 'cancel'
  | 'bye'
  | 'ack'
  | 'transport error'
  /** From the clock: nothing heard from the application, a minute of ringing, no PRACK, time to repeat the 2xx, no ACK. */
  | 'silence'
  | 'minute'
  | 'no prack'
  | 'repeat'
  | 'no ack'

export type ServerCallAction =
  | 'send response'
  | 'wait a minute'
  | 'repeat 1xx'
  | 'watch for ack'
  | 'repeat 2xx'
  | 'stop watching'
  | 'tell of ack'
  | 'accept cancel'
  | 'tell of cancel'
  | 'answer 408'
  | 'answer 480'
  | 'answer 487'
  | 'answer 504'
  | 'send bye'
  | 'forget'

/**
 * An INVITE that we answer for an application: RFC 3261 §13.3.1 (1xx repeated every minute, 2xx until ACK, BYE without it), §9.2 (CANCEL),
 * RFC 3262 §3 (no PRACK: 5xx). An application that says nothing or goes away leaves nobody waiting.
 */
export const serverCallTable: Table<ServerCallState, ServerCallInput, ServerCallAction> = {
  waiting: {
    '1xx': ['ringing', 'send response', 'wait a minute'],
    '2xx': ['answered', 'send response', 'watch for ack'],
    '300-699': ['over', 'send response', 'forget'],
    'application gone': ['over', 'answer 480', 'forget'],
    cancel: ['over', 'accept cancel', 'answer 487', 'tell of cancel', 'forget'],
    'transport error': ['over', 'forget'],
    silence: ['over', 'answer 408', 'forget'],
  },
  ringing: {
    '1xx': ['ringing', 'send response', 'wait a minute'],
    minute: ['ringing', 'repeat 1xx', 'wait a minute'],
    '2xx': ['answered', 'send response', 'watch for ack'],
    '300-699': ['over', 'send response', 'stop watching', 'forget'],
    'application gone': ['over', 'stop watching', 'answer 480', 'forget'],
    cancel: ['over', 'stop watching', 'accept cancel', 'answer 487', 'tell of cancel', 'forget'],
    bye: ['over', 'stop watching', 'answer 487', 'tell of cancel', 'forget'],
    'transport error': ['over', 'stop watching', 'forget'],
    'no prack': ['over', 'stop watching', 'answer 504', 'tell of cancel', 'forget'],
  },
  answered: {
    repeat: ['answered', 'repeat 2xx'],
    ack: ['acknowledged', 'stop watching', 'tell of ack'],
    // RFC 3261 §9.2: a CANCEL behind the final response changes nothing.
    cancel: ['answered', 'accept cancel'],
    bye: ['over', 'stop watching'],
    'no ack': ['over', 'stop watching', 'send bye'],
    'application gone': ['over', 'stop watching'],
  },
  acknowledged: {
    ack: ['acknowledged', 'tell of ack'],
    cancel: ['acknowledged', 'accept cancel'],
  },
  over: {
    cancel: ['over', 'accept cancel'],
  },
}
