import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Alarm, type Clock, every } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { DeviceId, Extension } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import { appendPrivately, privateFolder } from '../../base/output/private-files.js'
import type { Store } from '../../store/store.js'
import type { Result } from '../failure.js'

/** What is kept of a call; everything in it may be read by whoever reads call records, so there is no secret in it. */
export interface CallRecord {
  /** Our own id, the `call` of the log. */
  readonly call: string
  /** ISO 8601, UTC. */
  readonly began: string
  /** `device`, `trunk` or `node`. */
  readonly source: string
  /** Who was shown to the other side. */
  readonly caller: string
  readonly callerName: string
  /** `unknown` for what a phone dialled and nothing here takes: it may be a PIN. */
  readonly dialled: string
  /** The phone that called, `''` where none of ours did. */
  readonly device: string
  /** Where it went last: `user 100`, `trunk paris-carrier`. */
  readonly reached: string
  readonly ringSeconds: number
  /** 0 where nobody answered. */
  readonly talkSeconds: number
  readonly result: Result
  readonly reason: string
}

/** Users whose call log has the call: which side of it they were, and the phones where they sat. */
export type Participants = readonly {
  readonly extension: Extension
  readonly side: 'out' | 'in'
  readonly at: readonly DeviceId[]
  /** What this user sees in place of the record's own fields. */
  readonly seen?: Partial<CallRecord>
}[]

/** Call records as JSON lines, one file a day; and each user's own call log in Redis, which follows the user from desk to desk. */
export interface CallRecords {
  /** Never makes the call wait; what cannot be written is said in the log. */
  keep(record: CallRecord, participants: Participants): void
  /** Resolves when what was kept is written. */
  close(): Promise<void>
}

export interface CallRecordsNeeds {
  readonly store: Store
  /** Folder of the JSON lines. */
  readonly folder: string
  /** Days that records are kept, in files and in Redis. */
  readonly retentionDays: number
  readonly clock: Clock
  readonly log: Logger
}

const dayMs = 24 * 60 * 60 * 1_000

/** Records of a busy moment are written together: opening the file costs more than writing it. */
const gatherMs = 200

/** Of each user, beside the days: a number that is called all day long must not fill Redis. */
const mostCalls = 10_000

/** A node that nobody calls has old records as well. */
const purgeEveryMs = 60 * 60 * 1_000

export function createCallRecords({ store, folder, retentionDays, clock, log }: CallRecordsNeeds): CallRecords {
  const keptCalls = { entries: mostCalls, days: retentionDays }
  const waiting = new Map<string, string[]>()
  let writing: Promise<unknown> = privateFolder(folder)
  let alarm: Alarm | null = null
  const purging = every(clock, purgeEveryMs, tidy, () => undefined)
  tidy()

  function gather(record: CallRecord): void {
    const day = record.began.slice(0, 10)
    const lines = waiting.get(day) ?? []
    lines.push(`${JSON.stringify(record)}\n`)
    waiting.set(day, lines)
    alarm ??= clock.after(gatherMs, flush)
  }

  function flush(): void {
    alarm?.cancel()
    alarm = null
    const days = [...waiting]
    waiting.clear()
    for (const [day, lines] of days) writing = writing.then(() => write(day, lines)).catch(complain('call records were not written'))
  }

  async function write(day: string, lines: readonly string[]): Promise<void> {
    await appendPrivately(join(folder, `${day}.jsonl`), lines.join(''))
  }

  function tidy(): void {
    writing = writing.then(purge).catch(complain('old call records were not taken away'))
  }

  async function purge(): Promise<void> {
    const oldest = dateOf(clock.now() - retentionDays * dayMs)
    const files = (await readdir(folder)).filter((name) => /^\d{4}-\d\d-\d\d\.jsonl$/.test(name) && name.slice(0, 10) < oldest)
    for (const name of files) await rm(join(folder, name))
  }

  function complain(what: string): (fault: unknown) => void {
    return (fault) => log.warn({ event: 'call.unrecorded', cause: messageOf(fault) }, `${what}: ${messageOf(fault)}`)
  }

  return {
    keep(record, participants) {
      gather(record)
      for (const { extension, side, at, seen } of participants) {
        const fields = Object.fromEntries(Object.entries({ ...record, ...seen }).map(([name, value]) => [name, String(value)]))
        store
          .append(`calls:${extension}`, { side, at: at.join(' '), ...fields }, keptCalls)
          .catch(complain(`a call is not in the log of ${extension}`))
      }
    },
    async close() {
      purging.cancel()
      flush()
      await writing
    },
  }
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
