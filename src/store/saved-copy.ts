import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, every, type Milliseconds } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { WritableReplica } from './replica.js'

/** The copy on disk, from which a node starts when Redis is away. */
export interface SavedCopy {
  /** Fills the copy in memory; false where there is nothing sound to fill it from. */
  restore(): Promise<boolean>
  /** Saves what has not been saved, and stops. */
  close(): Promise<void>
}

export interface SavedCopyNeeds {
  readonly data: string
  readonly network: string
  readonly replica: WritableReplica
  /** A copy that Redis no longer keeps fresh is not saved over one that was. */
  readonly isFresh: () => boolean
  readonly clock: Clock
  readonly log: Logger
}

const saveEveryMs = 5_000

interface Contents {
  readonly savedAt: Milliseconds
  readonly hashes: readonly (readonly [key: string, fields: readonly (readonly [string, string])[]])[]
}

export function keepSavedCopy({ data, network, replica, isFresh, clock, log }: SavedCopyNeeds): SavedCopy {
  const path = join(data, `copy-${network}.json`)
  let unsaved = false
  const stopListening = replica.onChange(() => {
    unsaved = true
  })
  const saving = every(clock, saveEveryMs, save, (fault) =>
    log.error({ event: 'store.saved', err: fault }, `the copy of Redis cannot be saved to ${path}`),
  )

  async function save(): Promise<void> {
    if (!unsaved || !isFresh()) return
    unsaved = false
    const hashes = [...replica.entries()].map(([key, hash]) => [key, [...hash]] as const)
    const text = JSON.stringify({ savedAt: clock.now(), hashes } satisfies Contents)
    await mkdir(data, { recursive: true })
    await writeDurably(path, `${checksum(text)}\n${text}`)
    log.debug({ event: 'store.saved', hashes: hashes.length }, 'copy of Redis saved')
  }

  return {
    async restore() {
      const contents = await load(path).catch((fault: unknown) => {
        log.warn({ event: 'store.restored' }, `no saved copy of Redis to start from: ${messageOf(fault)}`)
        return null
      })
      if (!contents) return false
      replica.put(contents.hashes.map(([key, fields]) => [key, new Map(fields)]))
      replica.mark({ at: contents.savedAt })
      unsaved = false
      const minutes = Math.round((clock.now() - contents.savedAt) / 60_000)
      log.warn(
        { event: 'store.restored', minutes, hashes: contents.hashes.length },
        `started from a saved copy of Redis, ${minutes} minutes old`,
      )
      return true
    },
    async close() {
      saving.cancel()
      stopListening()
      await save()
    },
  }
}

async function load(path: string): Promise<Contents> {
  const file = await readFile(path, 'utf8')
  const line = file.indexOf('\n')
  const text = file.slice(line + 1)
  if (file.slice(0, line) !== checksum(text)) throw new Error(`${path} is damaged`)
  return JSON.parse(text) as Contents
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Whole or not at all, also across a power cut. It holds PIN hashes, so nobody else may read it. */
async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}
