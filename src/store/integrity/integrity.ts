import type { Redis } from 'ioredis'
import type { Clock } from '../../base/clock.js'
import { errors, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { NetworkClock, Store, StoreCondition } from '../contract.js'
import type { WritableReplica } from '../copy/replica.js'
import type { SavedCopy } from '../copy/saved-copy.js'
import type { Keys } from '../keys.js'
import { wrongTypeCondition } from '../wrong-types.js'
import { createAudit } from './audit.js'
import { createLosses, type Losses } from './losses.js'
import { createMemoryWatch } from './memory-watch.js'
import { createRemovalMarks } from './removal-marks.js'

/** Checks that Redis still holds what was written to it. */
export interface Integrity {
  readonly losses: Losses
  /** At the first connection: compares the network with the copy that the node saved in its previous run. */
  compareWithSaved(): Promise<void>
  /** Keys that are not hashes and are left out of the copy, each with a sentence. The reader fills it. */
  readonly wrongTypes: Map<string, string>
  /** Records that Redis lacks, and keys that the copy leaves out. */
  readonly gaps: Pick<Store, 'isMissing' | 'wrongTypes'>
  /** Includes the given troubles of the store. */
  condition(troubles: readonly (string | null)[]): StoreCondition
  /** To be called after a complete reading. */
  reportEmptied(): void
  /** To be called at each health check. False: everything must be read again. */
  check(): Promise<boolean>
  /** The same transitions, refused while records are missing. */
  guarded(transitions: Pick<Store, 'transition'>): Pick<Store, 'transition'>
  close(): void
}

export interface IntegrityNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly replica: WritableReplica
  readonly savedCopy: () => Pick<SavedCopy, 'saveAside' | 'missingRecords'>
  readonly isConnected: () => boolean
  readonly clock: Clock
  readonly networkClock: NetworkClock
  readonly log: Logger
  readonly metrics: Metrics
}

const remedy = 'Restore them (hotdesk redis restore, hotdesk import), or accept the loss: hotdesk redis accept'

export function createIntegrity(needs: IntegrityNeeds): Integrity {
  const { redis, keys, replica, savedCopy, isConnected, clock, networkClock, log, metrics } = needs
  const wrongTypes = new Map<string, string>()
  const losses = createLosses({
    replica,
    marks: createRemovalMarks(redis, keys),
    clock,
    networkClock,
    onLost: () => void reportLost(),
    onOver: reportOver,
  })
  const audit = createAudit({ redis, keys, replica, losses })
  const memory = createMemoryWatch({ redis, isConnected, clock, log, metrics })
  let isCompared = false
  let isEmptied = false

  async function reportLost(): Promise<void> {
    const whole = new Map([...replica.snapshot(), ...losses.records()])
    metrics.storeMissingRecords.set(losses.count)
    const kept = await savedCopy()
      .saveAside(whole)
      .catch((fault: unknown) => messageOf(fault))
    log.error({ event: 'store.shrunk', kept }, `${losses.sentence ?? 'Redis has lost records'}. The last copy is ${kept}. ${remedy}`)
  }

  function reportOver(how: 'back' | 'accepted'): void {
    isEmptied = false
    metrics.storeMissingRecords.set(0)
    log.info(
      { event: 'store.whole', how },
      how === 'back' ? 'Redis has the lost records again' : 'the loss was accepted: its records are gone',
    )
  }

  return {
    losses,
    wrongTypes,
    gaps: { isMissing: losses.has, wrongTypes: () => wrongTypes },
    async compareWithSaved() {
      if (isCompared) return
      isCompared = true
      const lacking = await savedCopy().missingRecords()
      if (lacking) await losses.noteMissing(lacking.records, lacking.savedAt)
    },
    reportEmptied() {
      if (isEmptied || losses.count === 0 || !losses.isEverything()) return
      isEmptied = true
      log.error({ event: 'store.emptied' }, 'Redis has been emptied: its users and phones are gone')
    },
    async check() {
      const isLost = losses.count > 0
      await losses.checkAcceptance()
      metrics.storeMissingRecords.set(losses.count)
      const isAccepted = isLost && losses.count === 0
      return !isAccepted && audit.check()
    },
    guarded: ({ transition }) => ({
      async transition(name, ...args) {
        if (losses.sentence !== null) throw errors.STORE_UNAVAILABLE.lostRecords({ loss: losses.sentence })
        return transition(name, ...args)
      },
    }),
    condition(troubles) {
      const mismatched = wrongTypeCondition(wrongTypes)
      const loss = losses.sentence === null ? null : `${losses.sentence}. ${remedy}`
      return {
        reasons: [...troubles, ...mismatched.reasons, loss].filter((reason) => reason !== null),
        warnings: [...memory.warnings, ...mismatched.warnings],
      }
    },
    close: memory.close,
  }
}
