import { createHash } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import type { Milliseconds } from '../../base/clock.js'
import type { Hash } from './replica.js'

/** A network that moves from the embedded Redis to a shared one starts empty there, which is not a loss. */
export type Origin = 'embedded' | 'shared'

export interface CopyContents<Fields extends Hash = Hash> {
  readonly savedAt: Milliseconds
  readonly hashes: ReadonlyMap<string, Fields>
  /** The remaining time to live of each key at that time. */
  readonly left?: ReadonlyMap<string, Milliseconds>
  /** The kind of Redis that was copied. */
  readonly origin?: Origin
}

export interface SavedPart {
  readonly origin: string | null
  readonly savedAt: Milliseconds
  readonly records: ReadonlyMap<string, Hash>
}

/** A line of the file, in the form of a hash. Earlier versions do not write it. */
const originKey = 'saved-from'

/** Hashes in one write; between two writes, the node does other work. */
const sliceSize = 500

/** Hashes of the network by key without its prefix. */
export type SavedRecords = ReadonlyMap<string, ReadonlyMap<string, string>>

/** For an operator's command. @throws if the file is missing or damaged */
export async function readSavedCopy(path: string): Promise<SavedRecords> {
  return (await readCopy(path)).hashes
}

/** The records in the text of a copy, in their order; null if the text is not a copy. @throws if it is damaged */
export function savedRecordsIn(text: string, name: string): SavedRecords | null {
  return /^[0-9.]+\n\["/.test(text)
    ? new Map(
        verified(text, name)
          .split('\n')
          .slice(1)
          .map(parseLine)
          .map(([key, hash]) => [key, hash]),
      )
    : null
}

/** One JSON value per line: the time, then each hash; the last line is the SHA-256 of everything before it. */
export async function readCopy(path: string): Promise<CopyContents<Map<string, string>>> {
  const [savedAt = '', ...lines] = (await readVerified(path)).split('\n')
  const entries = lines.map(parseLine)
  const hashes = new Map(entries.map(([key, hash]) => [key, hash]))
  hashes.delete(originKey)
  const left = new Map(entries.flatMap(([key, , ms]) => (ms === null ? [] : [[key, ms] as const])))
  return { savedAt: Number(savedAt), hashes, left }
}

/** The records whose key is wanted; the other lines are not parsed. `origin` is null in a copy of an earlier version. */
export async function readRecords(path: string, isWanted: (key: string) => boolean): Promise<SavedPart> {
  const [savedAt = '', ...lines] = (await readVerified(path)).split('\n')
  const [first = ''] = lines
  const origin = keyOf(first) === originKey ? (parseLine(first)[1].get('redis') ?? null) : null
  const wanted = lines.filter((line) => isWanted(keyOf(line))).map(parseLine)
  return { origin, savedAt: Number(savedAt), records: new Map(wanted.map(([key, hash]) => [key, hash])) }
}

function keyOf(line: string): string {
  return /^\["([^"]+)"/.exec(line)?.[1] ?? ''
}

function lineOf(key: string, hash: Hash, ttlMs?: Milliseconds): string {
  return `${JSON.stringify([key, [...hash], ...(ttlMs === undefined ? [] : [ttlMs])])}\n`
}

/** Earlier versions do not write the time to live. */
function parseLine(line: string): readonly [string, Map<string, string>, Milliseconds | null] {
  const [key, fields, left = null] = JSON.parse(line) as [string, [string, string][], number?]
  return [key, new Map(fields), left]
}

/** The lines without the checksum. @throws if the file is missing or damaged */
async function readVerified(path: string): Promise<string> {
  return verified(await readFile(path, 'utf8'), path)
}

function verified(text: string, path: string): string {
  const end = text.lastIndexOf('\n', text.length - 2) + 1
  const checksum = createHash('sha256').update(text.slice(0, end)).digest('hex')
  if (text.slice(end).trim() !== checksum) throw new Error(`${path} is damaged`)
  return text.slice(0, end - 1)
}

/** Atomic, also across a power cut. The file contains PIN hashes, so only its owner may read it. */
export async function writeCopy(path: string, { savedAt, hashes, left = new Map(), origin }: CopyContents): Promise<void> {
  const checksum = createHash('sha256')
  const file = await open(`${path}.new`, 'w', 0o600)
  async function write(lines: string): Promise<void> {
    checksum.update(lines)
    await file.write(lines)
  }
  try {
    await write(`${savedAt}\n`)
    if (origin !== undefined) await write(lineOf(originKey, new Map([['redis', origin]])))
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
    lines.push(lineOf(key, hash, left.get(key)))
    if (lines.length < sliceSize) continue
    yield lines.join('')
    lines = []
  }
  yield lines.join('')
}
