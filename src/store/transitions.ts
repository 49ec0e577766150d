import type { Milliseconds } from '../base/clock.js'
import { errors } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { fromZero, type Metrics } from '../base/metrics.js'
import { type CallFunction, mayHaveHappened, toldBy, unconnected } from './commands.js'
import { type BeginConfirmation, type Doubt, doubtReasons } from './connections/write-confirmation.js'
import type { Store, Transition } from './contract.js'
import type { RedisClock } from './redis-clock.js'

export interface TransitionNeeds {
  /** Asks whether all that was written survives a failover; null: not asked. */
  readonly confirm: BeginConfirmation | null
  /** Calls a function over a connection of its own: while replicas are waited for, nothing else gets through. */
  readonly callFunction: CallFunction
  /** How long that connection waits for an answer. */
  readonly waitsMs: Milliseconds
  readonly redisClock: Pick<RedisClock, 'server'>
  readonly isConnected: () => boolean
  readonly log: Logger
  readonly metrics: Metrics
}

interface Asked {
  readonly name: string
  readonly args: readonly string[]
  readonly resolve: (transition: Transition) => void
  readonly reject: (fault: unknown) => void
}

/** Functions whose outcome a person hears of, see `Store.transition`. */
export function createTransitions({
  confirm,
  callFunction,
  waitsMs,
  redisClock,
  isConnected,
  log,
  metrics,
}: TransitionNeeds): Pick<Store, 'transition'> {
  let waiting: Asked[] = []
  let isWorking = false
  fromZero(
    metrics.storeUncertainTotal,
    doubtReasons.map((reason) => ({ reason })),
  )

  async function attempt(asked: Asked): Promise<Transition | null> {
    try {
      // A network may deliver long after the answer is waited for, when others have logged in.
      const reply = await callFunction(asked.name, [...asked.args, `until=${Math.ceil(redisClock.server() + waitsMs)}`])
      if (reply === 'LATE') throw errors.STORE_UNAVAILABLE.tooLate()
      return { certainty: 'safe', reply }
    } catch (fault) {
      if (mayHaveHappened(fault)) {
        metrics.storeUncertainTotal.inc({ reason: 'unanswered' })
        return { certainty: 'unconfirmed', reply: null }
      }
      asked.reject(toldBy(fault, metrics))
      return null
    }
  }

  /**
   * A confirmation speaks of everything that its connection has written, and holds that connection up: those who come meanwhile share the
   * next one. So a replica that is away costs each of them two time limits at most, and one that is there hardly anything.
   */
  async function work(begin: BeginConfirmation): Promise<void> {
    if (isWorking) return
    isWorking = true
    for (let batch = takeWaiting(); batch.length > 0; batch = takeWaiting()) {
      const confirmed = begin()
      const done = await Promise.all(batch.map(attempt))
      const answered = done.filter((transition) => transition?.certainty === 'safe').length
      const doubt = answered > 0 ? await confirmed() : null
      if (doubt) complain(doubt, answered)
      for (const [index, transition] of done.entries()) {
        if (transition) batch[index]?.resolve(doubt ? { ...transition, certainty: 'unconfirmed' } : transition)
      }
    }
    isWorking = false
  }

  function complain({ reason, detail }: Doubt, count: number): void {
    metrics.storeUncertainTotal.inc({ reason }, count)
    log.warn({ event: 'store.uncertain', reason, count }, `${count} logins or logouts are not certain: ${detail}`)
  }

  function takeWaiting(): readonly Asked[] {
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
