import type { Clock, Milliseconds } from '../base/clock.js'
import type { ServerTransaction, TransactionLayer } from './transaction/transaction-layer.js'

/**
 * A starting server opens its sockets before its application is ready. Requests that arrive in between wait here, in order, because a 503 would
 * fail a call or a registration.
 */
export interface StartQueue {
  /** The same layer, whose requests are held until the queue is open. */
  readonly layer: TransactionLayer
  /** Passes on the waiting requests, and from now on all others at once. */
  open(): void
}

export interface StartQueueNeeds {
  readonly layer: TransactionLayer
  readonly clock: Clock
  /** The queue opens after this time, for emergency calls after three times as long; 0: it is always open. */
  readonly patienceMs: Milliseconds
}

/** Requests above this number do not wait. An emergency call always does. */
const capacity = 5_000
/** For emergency calls, because the phone may have no other server. */
const urgentFactor = 3

export function createStartQueue({ layer, clock, patienceMs }: StartQueueNeeds): StartQueue {
  const waiting: ServerTransaction[] = []
  let serve: (transaction: ServerTransaction) => void = () => undefined
  let isOpen = patienceMs === 0
  let isPatient = true
  const patience = isOpen ? [] : [clock.after(patienceMs, losePatience), clock.after(urgentFactor * patienceMs, open)]

  function open(): void {
    for (const alarm of patience) alarm.cancel()
    isOpen = true
    for (const transaction of waiting.splice(0)) serve(transaction)
  }

  /** There is still no application, so every request except emergency calls is passed on and refused. */
  function losePatience(): void {
    isPatient = false
    for (const transaction of waiting.splice(0)) arrive(transaction)
  }

  function arrive(transaction: ServerTransaction): void {
    const waits = layer.isUrgent(transaction.request) || (isPatient && waiting.length < capacity)
    if (isOpen || !waits) serve(transaction)
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
        for (const alarm of patience) alarm.cancel()
        waiting.length = 0
        return layer.close()
      },
    },
    open,
  }
}
