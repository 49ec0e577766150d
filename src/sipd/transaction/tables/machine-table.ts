/** Timers by the RFC's letters; `timer N` is ours: a cancelled INVITE that never ends (RFC 3261 §9.1, last paragraph). */
export type TimerName = 'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | 'N'

/** What a machine hears: from the network, from its user, from its timers. */
export type Input = 'start' | 'request' | 'ack' | '1xx' | '2xx' | '300-699' | 'cancel' | 'transport error' | `timer ${TimerName}`

/** What a machine does. `double` and `repeat` arm the timer again: with twice its last time (up to its cap), or with T2. */
export type Action =
  | 'send request'
  | 'send response'
  | 'repeat response'
  | 'send ack'
  | 'send cancel'
  | 'pass response'
  | 'pass ack'
  | 'report timeout'
  | 'report failure'
  | 'report unacknowledged'
  | `start ${TimerName}`
  | `stop ${TimerName}`
  | `double ${TimerName}`
  | `repeat ${TimerName}`

export type Row<State extends string> = { readonly [heard in Input]?: readonly [next: State, ...actions: Action[]] }

/**
 * A protocol machine as data: states down, inputs across, each cell the next state and what to do. An input that a row does
 * not name is absorbed. Every machine begins in `idle` and ends in `terminated`.
 */
export type MachineTable<State extends string = string> = { readonly [state in State]: Row<State> }
