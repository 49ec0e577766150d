import type { Clock, Milliseconds } from '../base/clock.js'
import type { ServerTransaction, TransactionLayer } from './transaction/transaction-layer.js'

/**
 * A server that starts has its sockets open before its application is there to answer. What comes in between waits here, in order: a 503
 * would tell a phone that the call, or the registration, has failed.
 */
export interface WaitingRoom {
  /** The same layer, whose requests come when the room is open. */
  readonly layer: TransactionLayer
  /** Lets in whoever waits, and from now on everybody at once. */
  open(): void
}

export interface WaitingRoomNeeds {
  readonly layer: TransactionLayer
  readonly clock: Clock
  /** It opens by itself after so long; 0: it is never shut. */
  readonly patienceMs: Milliseconds
}

/** Whoever does not fit in is not kept waiting; for an emergency call there is always a chair. */
const seats = 5_000

export function createWaitingRoom({ layer, clock, patienceMs }: WaitingRoomNeeds): WaitingRoom {
  const waiting: ServerTransaction[] = []
  let serve: (transaction: ServerTransaction) => void = () => undefined
  let isOpen = patienceMs === 0
  const patience = isOpen ? null : clock.after(patienceMs, open)

  function open(): void {
    patience?.cancel()
    isOpen = true
    for (const transaction of waiting.splice(0)) serve(transaction)
  }

  function arrive(transaction: ServerTransaction): void {
    if (isOpen || (waiting.length >= seats && !layer.isUrgent(transaction.request))) serve(transaction)
    else waiting.push(transaction)
  }

  return {
    layer: {
      ...layer,
      onRequest(listener) {
        serve = listener
        layer.onRequest(arrive)
      },
      close() {
        patience?.cancel()
        waiting.length = 0
        return layer.close()
      },
    },
    open,
  }
}
