import type { CallTable } from './call-table.js'

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
  /** From the clock: nothing heard from the application, no PRACK, time to repeat the 2xx, no ACK. */
  | 'silence'
  | 'no prack'
  | 'repeat'
  | 'no ack'

export type ServerCallAction =
  | 'send response'
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
 * An INVITE that we answer for an application: RFC 3261 §13.3.1 (2xx repeated until ACK, BYE without it), §9.2 (CANCEL),
 * RFC 3262 §3 (no PRACK: 5xx). An application that says nothing or goes away leaves nobody waiting.
 */
export const serverCallTable: CallTable<ServerCallState, ServerCallInput, ServerCallAction> = {
  waiting: {
    '1xx': ['ringing', 'send response'],
    '2xx': ['answered', 'send response', 'watch for ack'],
    '300-699': ['over', 'send response', 'forget'],
    'application gone': ['over', 'answer 480', 'forget'],
    cancel: ['over', 'accept cancel', 'answer 487', 'tell of cancel', 'forget'],
    'transport error': ['over', 'forget'],
    silence: ['over', 'answer 408', 'forget'],
  },
  ringing: {
    '1xx': ['ringing', 'send response'],
    '2xx': ['answered', 'send response', 'watch for ack'],
    '300-699': ['over', 'send response', 'forget'],
    'application gone': ['over', 'answer 480', 'forget'],
    cancel: ['over', 'accept cancel', 'answer 487', 'tell of cancel', 'forget'],
    bye: ['over', 'answer 487', 'tell of cancel', 'forget'],
    'transport error': ['over', 'forget'],
    'no prack': ['over', 'answer 504', 'tell of cancel', 'forget'],
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
