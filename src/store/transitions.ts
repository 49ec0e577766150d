import type { Redis } from 'ioredis'
import type { Metrics } from '../base/metrics.js'
import type { Durability } from '../config.js'
import { type CallFunction, mayHaveHappened, toldBy, unconnected } from './commands.js'
import type { Store, Transition } from './contract.js'

export interface TransitionNeeds {
  readonly durability: Durability
  /** Where `replicated`, a connection for this alone: while it waits for the replicas, nothing else gets through. */
  readonly redis: Redis
  /** Calls a function over that connection. */
  readonly callFunction: CallFunction
  readonly isConnected: () => boolean
  readonly metrics: Metrics
}

/** How long a replica may take to say that it has it: somebody at a phone is waiting. */
const replicatedWithinMs = 1_000

interface Asked {
  readonly name: string
  readonly args: readonly string[]
  readonly resolve: (transition: Transition) => void
  readonly reject: (fault: unknown) => void
}

/** Functions whose outcome somebody is told, see `Store.transition`. */
export function createTransitions({ durability, redis, callFunction, isConnected, metrics }: TransitionNeeds): Pick<Store, 'transition'> {
  let waiting: Asked[] = []
  let isWorking = false

  async function attempt(asked: Asked): Promise<Transition | null> {
    try {
      return { certainty: 'safe', reply: await callFunction(asked.name, asked.args) }
    } catch (fault) {
      if (mayHaveHappened(fault)) return { certainty: 'unconfirmed', reply: null }
      asked.reject(toldBy(fault, metrics))
      return null
    }
  }

  /**
   * WAIT speaks of what its own connection has written, and holds that connection up: those who come meanwhile share the next one.
   * So a replica that is away costs each of them two time limits at most, and one that is there hardly anything.
   */
  async function work(): Promise<void> {
    if (isWorking) return
    isWorking = true
    for (let batch = takeWaiting(); batch.length > 0; batch = takeWaiting()) {
      const done = await Promise.all(batch.map(attempt))
      const isSafe = done.some((transition) => transition?.certainty === 'safe') && (await hasReplica())
      for (const [index, transition] of done.entries()) {
        if (transition) batch[index]?.resolve(isSafe ? transition : { ...transition, certainty: 'unconfirmed' })
      }
    }
    isWorking = false
  }

  function takeWaiting(): readonly Asked[] {
    const batch = waiting
    waiting = []
    return batch
  }

  async function hasReplica(): Promise<boolean> {
    return redis.wait(1, replicatedWithinMs).then(
      (replicas) => replicas > 0,
      () => false,
    )
  }

  return {
    async transition(name, ...args) {
      if (!isConnected()) throw unconnected()
      return new Promise((resolve, reject) => {
        const asked = { name, args, resolve, reject }
        if (durability === 'local') return void attempt(asked).then((transition) => transition && resolve(transition))
        waiting.push(asked)
        void work()
      })
    },
  }
}
