import type { Clock, Milliseconds } from '../base/clock.js'
import type { ServerTransaction, TransactionLayer } from './transaction/transaction-layer.js'

/**
 * A server that starts has its sockets open before its application is there to answer. What comes in between waits here, in order: a 503
 * would tell a phone that the call, or the registration, has failed.
 */
export interface StartQueue {
  /** The same layer, whose requests come when the room is open. */
  readonly layer: TransactionLayer
  /** Lets in whoever waits, and from now on everybody at once. */
  open(): void
}

export interface StartQueueNeeds {
  readonly layer: TransactionLayer
  readonly clock: Clock
  /** It opens by itself after this time, for emergency calls after three times as long; 0: it is never shut. */
  readonly patienceMs: Milliseconds
}

/** A request that finds them taken is not kept waiting; an emergency call always is. */
const seats = 5_000
/** Of an emergency call: a phone without another server has nowhere else to go. */
const urgentPatience = 3

export function createStartQueue({ layer, clock, patienceMs }: StartQueueNeeds): StartQueue {
  const waiting: ServerTransaction[] = []
  let serve: (transaction: ServerTransaction) => void = () => undefined
  let isOpen = patienceMs === 0
  let isPatient = true
  const patience = isOpen ? [] : [clock.after(patienceMs, losePatience), clock.after(urgentPatience * patienceMs, open)]

  function open(): void {
    for (const alarm of patience) alarm.cancel()
    isOpen = true
    for (const transaction of waiting.splice(0)) serve(transaction)
  }

  /** There is still no application: every request but an emergency call is refused. */
  function losePatience(): void {
    isPatient = false
    for (const transaction of waiting.splice(0)) arrive(transaction)
  }

  function arrive(transaction: ServerTransaction): void {
    const waits = layer.isUrgent(transaction.request) || (isPatient && waiting.length < seats)
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
