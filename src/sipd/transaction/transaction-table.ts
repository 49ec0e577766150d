import { type Table, type TimerAction, type TimerRule, timerActions } from '../../base/machine.js'
import type { SipTimers } from '../../sip/timers.js'
import type { Flow } from '../transport/flow.js'

/** Timers by the RFC's letters. N is ours, for a cancelled INVITE without a final response (RFC 3261 §9.1, last paragraph). */
export type TimerName = 'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | 'N'

/** Inputs of a transaction, from the network, its user and its timers. */
export type Input = 'start' | 'request' | 'ack' | '1xx' | '2xx' | '300-699' | 'cancel' | 'transport error' | `timer ${TimerName}`

export type ClientAction = 'send request' | 'send ack' | 'send cancel' | 'pass response' | 'report timeout' | 'report failure'

export type ServerAction = 'send response' | 'repeat response' | 'pass ack' | 'report failure' | 'report unacknowledged'

/** Every transaction begins in `idle` and ends in `terminated`. */
export type ClientTable<State extends string = string> = Table<State, Input, ClientAction | TimerAction<TimerName>>
export type ServerTable<State extends string = string> = Table<State, Input, ServerAction | TimerAction<TimerName>>

export const { start, stop, double, repeat } = timerActions<TimerName>('A', 'B', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N')

interface Timed {
  readonly timers: SipTimers
}

function rule(timer: TimerName, duration: keyof SipTimers): TimerRule<Timed, Input> {
  return { after: ({ timers }) => timers[duration], input: `timer ${timer}` }
}

/** The timers of RFC 3261 §17 and RFC 6026 §8.4. */
export const timerRules: { readonly [timer in TimerName]: TimerRule<Timed, Input> } = {
  // §17.1.1.2: Timer A doubles without limit; E and G up to T2.
  A: { ...rule('A', 'a'), longest: () => Number.POSITIVE_INFINITY },
  B: rule('B', 'b'),
  D: rule('D', 'd'),
  E: { ...rule('E', 'e'), longest: ({ timers }) => timers.t2 },
  F: rule('F', 'f'),
  G: { ...rule('G', 'g'), longest: ({ timers }) => timers.t2 },
  H: rule('H', 'h'),
  I: rule('I', 'i'),
  J: rule('J', 'j'),
  K: rule('K', 'k'),
  L: rule('L', 'l'),
  M: rule('M', 'm'),
  // A cancelled INVITE waits as long as Timer B.
  N: rule('N', 'b'),
}

/** The input for a response with this status. */
export function inputOf(status: number): Input {
  if (status < 200) return '1xx'
  return status < 300 ? '2xx' : '300-699'
}

/** The timers of a transaction over this flow. */
export type TimersFor = (flow: Pick<Flow, 'protocol'>) => SipTimers
