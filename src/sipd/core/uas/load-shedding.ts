import type { ServerTransaction } from '../../transaction/transaction-layer.js'
import { refuseForNow } from './server-response.js'

/** Refuses requests while an application reads more slowly than the network sends, so that established calls continue. */
export interface LoadShedding {
  refuse(transaction: ServerTransaction): void
  /** Requests refused since the start. */
  readonly refused: number
}

export function createLoadShedding(): LoadShedding {
  let refused = 0
  return {
    refuse(transaction) {
      refused += 1
      refuseForNow(transaction)
    },
    get refused() {
      return refused
    },
  }
}
