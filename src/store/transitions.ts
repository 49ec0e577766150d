import type { Milliseconds } from '../base/clock.js'
import { errors } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { fromZero, type Metrics } from '../base/metrics.js'
import { asCountedError, type CallFunction, mayHaveHappened, unconnected } from './commands.js'
import { type BeginConfirmation, type Doubt, doubtReasons } from './connections/write-confirmation.js'
import type { Store, Transition } from './contract.js'
import type { RedisClock } from './redis-clock.js'

export interface TransitionNeeds {
  /** Checks that everything written survives a failover; null: no check. */
  readonly confirm: BeginConfirmation | null
  /** Calls a function over a separate connection: WAIT blocks it for everything else. */
  readonly callFunction: CallFunction
  /** How long that connection waits for a reply. */
  readonly waitsMs: Milliseconds
  readonly redisClock: Pick<RedisClock, 'server'>
  readonly isConnected: () => boolean
  readonly log: Logger
  readonly metrics: Metrics
}

interface WaitingTransition {
  readonly name: string
  readonly args: readonly string[]
  readonly resolve: (transition: Transition) => void
  readonly reject: (fault: unknown) => void
}

/** Calls functions whose outcome is announced to a user, see `Store.transition`. */
export function createTransitions({
  confirm,
  callFunction,
  waitsMs,
  redisClock,
  isConnected,
  log,
  metrics,
}: TransitionNeeds): Pick<Store, 'transition'> {
  let waiting: WaitingTransition[] = []
  let isWorking = false
  fromZero(
    metrics.storeUncertainTotal,
    doubtReasons.map((reason) => ({ reason })),
  )

  async function attempt(asked: WaitingTransition): Promise<Transition | null> {
    try {
      // The network may deliver the command after our timeout, when another user may have logged in.
      const reply = await callFunction(asked.name, [...asked.args, `until=${Math.ceil(redisClock.server() + waitsMs)}`])
      if (reply === 'LATE') throw errors.STORE_UNAVAILABLE.tooLate()
      return { certainty: 'safe', reply }
    } catch (fault) {
      if (mayHaveHappened(fault)) {
        metrics.storeUncertainTotal.inc({ reason: 'unanswered' })
        return { certainty: 'unconfirmed', reply: null }
      }
      asked.reject(asCountedError(fault, metrics))
      return null
    }
  }

  /**
   * A confirmation covers everything that its connection has written, and blocks the connection. Transitions that arrive meanwhile share the
   * next confirmation. So an absent replica delays each transition by two timeouts at most.
   */
  async function work(begin: BeginConfirmation): Promise<void> {
    if (isWorking) return
    isWorking = true
    for (let batch = takeWaiting(); batch.length > 0; batch = takeWaiting()) {
      const confirmed = begin()
      const done = await Promise.all(batch.map(attempt))
      const answered = done.filter((transition) => transition?.certainty === 'safe').length
      const doubt = answered > 0 ? await confirmed() : null
      if (doubt) logDoubt(doubt, answered)
      for (const [index, transition] of done.entries()) {
        if (transition) batch[index]?.resolve(doubt ? { ...transition, certainty: 'unconfirmed' } : transition)
      }
    }
    isWorking = false
  }

  function logDoubt({ reason, detail }: Doubt, count: number): void {
    metrics.storeUncertainTotal.inc({ reason }, count)
    log.warn({ event: 'store.uncertain', reason, count }, `${count} logins or logouts are not certain: ${detail}`)
  }

  function takeWaiting(): readonly WaitingTransition[] {
    const batch = waiting
    waiting = []
    return batch
  }

  return {
    async transition(name, ...args) {
      if (!isConnected()) throw unconnected()
      return new Promise((resolve, reject) => {
        const asked = { name, args, resolve, reject }
        if (confirm === null) return void attempt(asked).then((transition) => transition && resolve(transition))
        waiting.push(asked)
        void work(confirm)
      })
    },
  }
}
