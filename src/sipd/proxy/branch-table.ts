import type { Table } from '../../base/machine.js'

export type BranchState = 'trying' | 'proceeding' | 'cancelled' | 'given up' | 'answered' | 'failed'

export type BranchInput =
  /** From the network; a timeout and a broken way count as failures. */
  | '100'
  | '1xx'
  | '2xx'
  | '300-699'
  /** From the proxy: another branch has answered, or the caller has given up. */
  | 'cancel'
  /** From the clock: nothing heard, no final response, Timer C. */
  | 'no provisional'
  | 'no final'
  | 'rings too long'

export type BranchAction = 'forward response' | 'wait while it rings' | 'stop waiting' | 'send cancel' | 'weigh failure' | 'count as 408'

/** One copy of a request on its way through the proxy (RFC 3261 §16.7, §16.8, §16.10). */
export const branchTable: Table<BranchState, BranchInput, BranchAction> = {
  trying: {
    '100': ['proceeding', 'wait while it rings'],
    '1xx': ['proceeding', 'wait while it rings', 'forward response'],
    '2xx': ['answered', 'stop waiting', 'forward response'],
    '300-699': ['failed', 'stop waiting', 'weigh failure'],
    cancel: ['cancelled', 'stop waiting', 'send cancel'],
    'no provisional': ['given up', 'stop waiting', 'send cancel', 'count as 408'],
    'no final': ['given up', 'stop waiting', 'send cancel', 'count as 408'],
  },
  proceeding: {
    '100': ['proceeding'],
    '1xx': ['proceeding', 'wait while it rings', 'forward response'],
    '2xx': ['answered', 'stop waiting', 'forward response'],
    '300-699': ['failed', 'stop waiting', 'weigh failure'],
    cancel: ['cancelled', 'stop waiting', 'send cancel'],
    'no final': ['given up', 'stop waiting', 'send cancel', 'count as 408'],
    'rings too long': ['cancelled', 'send cancel'],
  },
  cancelled: {
    '2xx': ['answered', 'forward response'],
    '300-699': ['failed', 'weigh failure'],
  },
  'given up': {
    '2xx': ['answered', 'forward response'],
    '300-699': ['failed'],
  },
  answered: {
    // Copies, and the answers of further forks downstream: each goes on (RFC 3261 §16.7 step 5).
    '2xx': ['answered', 'forward response'],
  },
  failed: {},
}
