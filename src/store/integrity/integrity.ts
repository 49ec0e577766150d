import type { Redis } from 'ioredis'
import type { Clock } from '../../base/clock.js'
import { errors, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { NetworkClock, Store, StoreCondition } from '../contract.js'
import type { Keys } from '../keys.js'
import type { WritableReplica } from '../replica.js'
import type { SavedCopy } from '../saved-copy.js'
import { misfitCondition } from '../wrong-types.js'
import { createAudit } from './audit.js'
import { createLosses, type Losses } from './losses.js'
import { createMemoryWatch } from './memory-watch.js'
import { createRemovalMarks } from './removal-marks.js'

/** Whether Redis still holds what it was given. */
export interface Integrity {
  readonly losses: Losses
  /** At the first connection: compares the network with the copy of the node's last run. */
  compareWithSaved(): Promise<void>
  /** Keys that are no hashes and are left out of the copy, each with a sentence; the reader fills it. */
  readonly misfits: Map<string, string>
  /** What the copy has and Redis has not, and the other way round. */
  readonly gaps: Pick<Store, 'lacks' | 'misfits'>
  /** With what else troubles the store. */
  condition(troubles: readonly (string | null)[]): StoreCondition
  /** After everything was read. */
  tellEmptied(): void
  /** At each health check. False: everything has to be read again. */
  check(): Promise<boolean>
  /** The same, refused while records are missing. */
  guarding(transitions: Pick<Store, 'transition'>): Pick<Store, 'transition'>
  close(): void
}

export interface IntegrityNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly replica: WritableReplica
  readonly savedCopy: () => Pick<SavedCopy, 'keepApart' | 'lacking'>
  readonly isConnected: () => boolean
  readonly clock: Clock
  readonly networkClock: NetworkClock
  readonly log: Logger
  readonly metrics: Metrics
}

const remedy = 'Bring them back (hotdesk redis restore, hotdesk import), or accept that they are gone: hotdesk redis accept'

export function createIntegrity(needs: IntegrityNeeds): Integrity {
  const { redis, keys, replica, savedCopy, isConnected, clock, networkClock, log, metrics } = needs
  const misfits = new Map<string, string>()
  const losses = createLosses({
    replica,
    marks: createRemovalMarks(redis, keys),
    clock,
    networkClock,
    onLost: () => void tellLost(),
    onOver: tellOver,
  })
  const audit = createAudit({ redis, keys, replica, losses })
  const memory = createMemoryWatch({ redis, isConnected, clock, log, metrics })
  let isCompared = false
  let isEmptied = false

  async function tellLost(): Promise<void> {
    const whole = new Map([...replica.moment(), ...losses.records()])
    metrics.storeMissingRecords.set(losses.count)
    const kept = await savedCopy()
      .keepApart(whole)
      .catch((fault: unknown) => messageOf(fault))
    log.error({ event: 'store.shrunk', kept }, `${losses.sentence ?? 'Redis has lost records'}. The last copy is ${kept}. ${remedy}`)
  }

  function tellOver(how: 'back' | 'accepted'): void {
    isEmptied = false
    metrics.storeMissingRecords.set(0)
    log.info(
      { event: 'store.whole', how },
      how === 'back' ? 'Redis has again what it had lost' : 'the loss was accepted: its records are gone',
    )
  }

  return {
    losses,
    misfits,
    gaps: { lacks: losses.has, misfits: () => misfits },
    async compareWithSaved() {
      if (isCompared) return
      isCompared = true
      const lacking = await savedCopy().lacking()
      if (lacking) await losses.adopt(lacking.records, lacking.savedAt)
    },
    tellEmptied() {
      if (isEmptied || losses.count === 0 || !losses.isEverything()) return
      isEmptied = true
      log.error({ event: 'store.emptied' }, 'Redis has been emptied: its users and phones are gone')
    },
    async check() {
      const isLost = losses.count > 0
      await losses.check()
      metrics.storeMissingRecords.set(losses.count)
      const isAccepted = isLost && losses.count === 0
      return !isAccepted && audit.look()
    },
    guarding: ({ transition }) => ({
      async transition(name, ...args) {
        if (losses.sentence !== null) throw errors.STORE_UNAVAILABLE.lostRecords({ loss: losses.sentence })
        return transition(name, ...args)
      },
    }),
    condition(troubles) {
      const odd = misfitCondition(misfits)
      const loss = losses.sentence === null ? null : `${losses.sentence}. ${remedy}`
      return {
        reasons: [...troubles, ...odd.reasons, loss].filter((reason) => reason !== null),
        warnings: [...memory.warnings, ...odd.warnings],
      }
    },
    close: memory.close,
  }
}
