import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, every, type Milliseconds } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Hash, WritableReplica } from './replica.js'

/** The copy on disk, from which a node starts when Redis is away. */
export interface SavedCopy {
  /** Fills the copy in memory; false where there is nothing sound to fill it from. */
  restore(): Promise<boolean>
  /** Keeps a second copy of how a network was before a loss. Gives the file. */
  keepApart(hashes: Contents['hashes']): Promise<string>
  /** Records of people and phones that the copy on disk has and the copy in memory has not; null: there is no sound copy of this Redis of the last days. */
  lacking(): Promise<{ readonly records: ReadonlyMap<string, Hash>; readonly savedAt: Milliseconds } | null>
  /** Ends when all that was begun is on disk, and what had not been saved as well. */
  close(): Promise<void>
}

export interface SavedCopyNeeds {
  readonly data: string
  readonly network: string
  readonly replica: WritableReplica
  /** The Redis that is copied. */
  readonly origin: Origin
  /** A copy that Redis no longer keeps fresh is not saved over one that was. */
  readonly isFresh: () => boolean
  /** The node's own. */
  readonly clock: Clock
  /** By which the time of a copy is told; the node's own if absent. */
  readonly networkClock?: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'storeCopySaved'>
}

/** A network that moves from the embedded Redis to a shared one begins empty there, and has lost nothing. */
export type Origin = 'embedded' | 'shared'

const saveEveryMs = 5_000
/** A network that takes a second to save is saved every twenty: the node has other work. */
const restPerSave = 20
/** An older copy says nothing of a loss. */
const comparedForMs = 7 * 24 * 60 * 60 * 1_000
/** Hashes written in one go; between two, the node does its other work. */
const sliceSize = 500

/** A line of the file like that of a hash. Earlier versions write none. */
const originKey = 'saved-from'

interface Contents<Fields extends Hash = Hash> {
  readonly savedAt: Milliseconds
  readonly hashes: ReadonlyMap<string, Fields>
  /** What was left then of the time to live of a key. */
  readonly left?: ReadonlyMap<string, Milliseconds>
}

export function keepSavedCopy(needs: SavedCopyNeeds): SavedCopy {
  const { data, network, replica, origin, isFresh, clock, networkClock = clock, log, metrics } = needs
  const path = join(data, `copy-${network}.jsonl`)
  const aside = join(data, `copy-${network}.emptied.jsonl`)
  let unsaved = false
  let restsUntil: Milliseconds = 0
  let written: Promise<void> = Promise.resolve()
  const stopListening = replica.onChange(() => {
    unsaved = true
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
      const ms = replica.leftMs(key)
      if (ms !== null) left.set(key, Math.round(ms))
    }
    return left
  }

  /** One after the other: two would write the same file. */
  function inTurn(write: () => Promise<void>): Promise<void> {
    written = written.catch(() => undefined).then(write)
    return written
  }

  const save = (): Promise<void> => inTurn(saveNow)

  async function saveNow(): Promise<void> {
    if (!unsaved || !isFresh()) return
    unsaved = false
    const hashes = replica.moment()
    try {
      await mkdir(data, { recursive: true, mode: 0o700 })
      await writeDurably(path, { savedAt: networkClock.now(), hashes: marked(hashes, origin), left: leftOf(hashes.keys()) })
    } catch (fault) {
      unsaved = true
      metrics.storeCopySaved.set(0)
      throw fault
    }
    metrics.storeCopySaved.set(1)
    log.debug({ event: 'store.saved', hashes: hashes.size }, 'copy of Redis saved')
  }

  return {
    async keepApart(hashes) {
      await inTurn(async () => {
        await mkdir(data, { recursive: true, mode: 0o700 })
        await writeDurably(aside, { savedAt: networkClock.now(), hashes })
      })
      return aside
    },
    async lacking() {
      const text = await sound(path).catch(() => null)
      const [savedAt = '', ...lines] = text?.split('\n') ?? []
      const isOfAnother = lines[0]?.startsWith(`["${originKey}"`) === true && parseLine(lines[0])[1].get('redis') !== origin
      if (text === null || isOfAnother || Number(savedAt) < networkClock.now() - comparedForMs) return null
      const missing = lines.filter((line) => {
        const [, key] = /^\["((?:user|device):[^"]+)"/.exec(line) ?? []
        return key !== undefined && replica.hash(key) === undefined
      })
      return { records: new Map(missing.map(parseLine).map(([key, hash]) => [key, hash])), savedAt: Number(savedAt) }
    },
    async restore() {
      const contents = await loadCopy(path).catch((fault: unknown) => {
        log.warn({ event: 'store.restored' }, `no saved copy of Redis to start from: ${messageOf(fault)}`)
        return null
      })
      if (!contents) return false
      // How long the node was down its clock cannot tell for sure: what was left then is left now.
      for (const [key, ms] of contents.left ?? []) replica.lives(key, ms)
      replica.put(contents.hashes)
      replica.mark({ at: contents.savedAt })
      unsaved = false
      const minutes = Math.round((networkClock.now() - contents.savedAt) / 60_000)
      log.warn(
        { event: 'store.restored', minutes, hashes: contents.hashes.size },
        `started from a saved copy of Redis, ${minutes} minutes old`,
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

/** Hashes of the network by key without its prefix. */
export type SavedRecords = ReadonlyMap<string, ReadonlyMap<string, string>>

/** For an operator's command. @throws where it is not there, or damaged */
export async function readSavedCopy(path: string): Promise<SavedRecords> {
  return (await loadCopy(path)).hashes
}

/** The text of a copy, in the order of its lines from the second one on; null for a text that is no copy. @throws where it is damaged */
export function savedRecordsIn(text: string, name: string): SavedRecords | null {
  return /^[0-9.]+\n\["/.test(text)
    ? new Map(
        soundIn(text, name)
          .split('\n')
          .slice(1)
          .map(parseLine)
          .map(([key, hash]) => [key, hash]),
      )
    : null
}

/** One JSON value a line: the time, then each hash; the last line is the SHA-256 of all before it. */
async function loadCopy(path: string): Promise<Contents<Map<string, string>>> {
  const [savedAt = '', ...lines] = (await sound(path)).split('\n')
  const entries = lines.map(parseLine)
  const hashes = new Map(entries.map(([key, hash]) => [key, hash]))
  hashes.delete(originKey)
  const left = new Map(entries.flatMap(([key, , ms]) => (ms === null ? [] : [[key, ms] as const])))
  return { savedAt: Number(savedAt), hashes, left }
}

function marked(hashes: Contents['hashes'], origin: Origin): Contents['hashes'] {
  return new Map([[originKey, new Map([['redis', origin]])], ...hashes])
}

/** Earlier versions write no time to live. */
function parseLine(line: string): readonly [string, Map<string, string>, Milliseconds | null] {
  const [key, fields, left = null] = JSON.parse(line) as [string, [string, string][], number?]
  return [key, new Map(fields), left]
}

/** Its lines without the checksum. @throws where it is not there, or damaged */
async function sound(path: string): Promise<string> {
  return soundIn(await readFile(path, 'utf8'), path)
}

function soundIn(text: string, path: string): string {
  const end = text.lastIndexOf('\n', text.length - 2) + 1
  const checksum = createHash('sha256').update(text.slice(0, end)).digest('hex')
  if (text.slice(end).trim() !== checksum) throw new Error(`${path} is damaged`)
  return text.slice(0, end - 1)
}

/** Whole or not at all, also across a power cut. It holds PIN hashes, so nobody else may read it. */
async function writeDurably(path: string, { savedAt, hashes, left = new Map() }: Contents): Promise<void> {
  const checksum = createHash('sha256')
  const file = await open(`${path}.new`, 'w', 0o600)
  async function write(lines: string): Promise<void> {
    checksum.update(lines)
    await file.write(lines)
  }
  try {
    await write(`${savedAt}\n`)
    for (const lines of slicesOf(hashes, left)) await write(lines)
    await file.write(`${checksum.digest('hex')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

function* slicesOf(hashes: ReadonlyMap<string, Hash>, left: ReadonlyMap<string, Milliseconds>): Generator<string> {
  let lines: string[] = []
  for (const [key, hash] of hashes) {
    const ms = left.get(key)
    lines.push(`${JSON.stringify([key, [...hash], ...(ms === undefined ? [] : [ms])])}\n`)
    if (lines.length < sliceSize) continue
    yield lines.join('')
    lines = []
  }
  yield lines.join('')
}
