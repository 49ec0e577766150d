import { type Table, type TimerAction, timerActions } from '../../base/machine.js'

export type BranchState = 'idle' | 'trying' | 'proceeding' | 'cancelled' | 'given up' | 'accepted' | 'failed'

/** `provisional`: no response; `final`: no final response; C: the INVITE rings too long (RFC 3261 §16.8). */
export type BranchTimer = 'provisional' | 'final' | 'C'

export type BranchInput =
  /** From the proxy: the next hop is known; another branch was chosen, or the caller has cancelled. */
  | 'start'
  | 'cancel'
  /** From the network; a time-out and a transport error count as failures. */
  | '100'
  | '1xx'
  | '2xx'
  | '300-699'
  | `timer ${BranchTimer}`

export type BranchAction = 'send request' | 'forward response' | 'send cancel' | 'weigh failure' | 'count as 408'

const { start, stop } = timerActions<BranchTimer>('provisional', 'final', 'C')

/** One copy of a request that the proxy forwards (RFC 3261 §16.7, §16.8, §16.10). */
export const branchTable: Table<BranchState, BranchInput, BranchAction | TimerAction<BranchTimer>> = {
  idle: {
    start: ['trying', start.provisional, start.final, 'send request'],
    '300-699': ['failed', 'weigh failure'],
    cancel: ['cancelled'],
  },
  trying: {
    '100': ['proceeding', stop.provisional, start.C],
    '1xx': ['proceeding', stop.provisional, start.C, 'forward response'],
    '2xx': ['accepted', stop.provisional, stop.final, 'forward response'],
    '300-699': ['failed', stop.provisional, stop.final, 'weigh failure'],
    cancel: ['cancelled', stop.provisional, stop.final, 'send cancel'],
    'timer provisional': ['given up', stop.final, 'send cancel', 'count as 408'],
    'timer final': ['given up', stop.provisional, 'send cancel', 'count as 408'],
  },
  proceeding: {
    '100': ['proceeding'],
    '1xx': ['proceeding', start.C, 'forward response'],
    '2xx': ['accepted', stop.C, stop.final, 'forward response'],
    '300-699': ['failed', stop.C, stop.final, 'weigh failure'],
    cancel: ['cancelled', stop.C, stop.final, 'send cancel'],
    'timer final': ['given up', stop.C, 'send cancel', 'count as 408'],
    'timer C': ['cancelled', stop.final, 'send cancel'],
  },
  cancelled: {
    '2xx': ['accepted', 'forward response'],
    '300-699': ['failed', 'weigh failure'],
  },
  'given up': {
    '2xx': ['accepted', 'forward response'],
    '300-699': ['failed'],
  },
  accepted: {
    // Copies, and the 2xx of further forks downstream: each is forwarded (RFC 3261 §16.7 step 5).
    '2xx': ['accepted', 'forward response'],
  },
  failed: {},
}
