import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, every, type Milliseconds } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import { counted } from '../../base/output/counted.js'
import { isSaved } from '../keys.js'
import { type CopyContents, type Origin, readCopy, readRecords, writeCopy } from './copy-file.js'
import type { Hash, WritableReplica } from './replica.js'

/** The copy on disk, from which a node starts if Redis is lost. */
export interface SavedCopy {
  /** Fills the copy in memory; false if there is no intact file. */
  restore(): Promise<boolean>
  /** Saves the network as it was before a loss to a second file. Returns its path. */
  saveAside(hashes: CopyContents['hashes']): Promise<string>
  /** Users and phones that the copy on disk has and the copy in memory lacks; null: there is no intact, recent copy of this Redis. */
  missingRecords(): Promise<{ readonly records: ReadonlyMap<string, Hash>; readonly savedAt: Milliseconds } | null>
  /** Saves the last changes. */
  close(): Promise<void>
}

export interface SavedCopyNeeds {
  readonly data: string
  readonly network: string
  readonly replica: WritableReplica
  /** The kind of Redis that is copied. */
  readonly origin: Origin
  /** A stale copy does not overwrite the file. */
  readonly isFresh: () => boolean
  /** The node's own. */
  readonly clock: Clock
  /** The clock of a copy's time; the node's own by default. */
  readonly networkClock?: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'storeCopySaved'>
}

const saveEveryMs = 5_000
/** A save that takes one second is followed by a pause of twenty. */
const restPerSave = 20
/** An older copy is no evidence of a loss. */
const comparedForMs = 7 * 24 * 60 * 60 * 1_000
export function keepSavedCopy(needs: SavedCopyNeeds): SavedCopy {
  const { data, network, replica, origin, isFresh, clock, networkClock = clock, log, metrics } = needs
  const path = join(data, `copy-${network}.jsonl`)
  const aside = join(data, `copy-${network}.emptied.jsonl`)
  let unsaved = false
  let restsUntil: Milliseconds = 0
  let written: Promise<void> = Promise.resolve()
  const stopListening = replica.onChange((key) => {
    if (isSaved(key)) unsaved = true
  })
  const saving = every(clock, saveEveryMs, saveInTurn, complain)
  metrics.storeCopySaved.set(1)

  function complain(fault: unknown): void {
    log.error({ event: 'store.saved', err: fault }, `the copy of Redis cannot be saved to ${path}`)
  }

  async function saveInTurn(): Promise<void> {
    const began = clock.now()
    if (began < restsUntil) return
    await save()
    restsUntil = began + (clock.now() - began) * restPerSave
  }

  function leftOf(keys: Iterable<string>): ReadonlyMap<string, Milliseconds> {
    const left = new Map<string, Milliseconds>()
    for (const key of keys) {
      const ms = replica.ttlMs(key)
      if (ms !== null) left.set(key, Math.round(ms))
    }
    return left
  }

  /** Serializes writes to the same file. */
  function inTurn(write: () => Promise<void>): Promise<void> {
    written = written.catch(() => undefined).then(write)
    return written
  }

  const save = (): Promise<void> => inTurn(saveNow)

  async function saveNow(): Promise<void> {
    if (!unsaved || !isFresh()) return
    unsaved = false
    const hashes = new Map([...replica.snapshot()].filter(([key]) => isSaved(key)))
    try {
      await mkdir(data, { recursive: true, mode: 0o700 })
      await writeCopy(path, { savedAt: networkClock.now(), hashes, origin, left: leftOf(hashes.keys()) })
    } catch (fault) {
      unsaved = true
      metrics.storeCopySaved.set(0)
      throw fault
    }
    metrics.storeCopySaved.set(1)
    log.debug({ event: 'store.saved', hashes: hashes.size }, 'copy of Redis saved')
  }

  return {
    async saveAside(hashes) {
      await inTurn(async () => {
        await mkdir(data, { recursive: true, mode: 0o700 })
        await writeCopy(aside, { savedAt: networkClock.now(), hashes })
      })
      return aside
    },
    async missingRecords() {
      const isWanted = (key: string): boolean => /^(user|device):/.test(key) && replica.hash(key) === undefined
      const found = await readRecords(path, isWanted).catch(() => null)
      const isUsable = found && (found.origin === null || found.origin === origin) && found.savedAt >= networkClock.now() - comparedForMs
      return isUsable ? found : null
    },
    async restore() {
      const contents = await readCopy(path).catch((fault: unknown) => {
        log.warn({ event: 'store.restored' }, `no saved copy of Redis to start from: ${messageOf(fault)}`)
        return null
      })
      if (!contents) return false
      // The clock may have changed while the node was down, so expiring keys get the time that they had left.
      for (const [key, ms] of contents.left ?? []) replica.setTtl(key, ms)
      replica.put(contents.hashes)
      replica.setFreshness({ at: contents.savedAt })
      unsaved = false
      const minutes = Math.round((networkClock.now() - contents.savedAt) / 60_000)
      log.warn(
        { event: 'store.restored', minutes, hashes: contents.hashes.size },
        `started from a saved copy of Redis, ${counted(minutes, 'minute')} old`,
      )
      return true
    },
    async close() {
      saving.cancel()
      stopListening()
      await save().catch(complain)
    },
  }
}
