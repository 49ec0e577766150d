import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Alarm, type Clock, every } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { DeviceId, Extension } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import { appendPrivately, privateFolder } from '../../base/output/private-files.js'
import type { Store } from '../../store/store.js'
import type { Result } from '../failure.js'

/** The record of a call. Anyone with access to call records may read it, so it contains no secrets. */
export interface CallRecord {
  /** Our own id; the log has it as `call`. */
  readonly call: string
  /** ISO 8601, UTC. */
  readonly began: string
  /** `device`, `trunk` or `node`; `own`: this node, for a test call or an announcement. */
  readonly source: string
  /** The number shown to the other side. */
  readonly caller: string
  readonly callerName: string
  /** `unknown` for digits from a phone that lead nowhere: they may be a PIN. */
  readonly dialled: string
  /** The phone that called; `''` if it was not one of ours. */
  readonly device: string
  /** The last destination: `user 100`, `trunk paris-carrier`. */
  readonly reached: string
  /** The call that it continues after a transfer; `''` for any other. */
  readonly transferOf: string
  /** The extension of the user who transferred it, or `''`. */
  readonly transferredBy: string
  /** The extension of the user whose phones rang until a colleague, in `reached`, picked up the call; `''` for any other. */
  readonly pickedUpFrom: string
  readonly ringSeconds: number
  /** 0 if nobody answered. */
  readonly talkSeconds: number
  readonly result: Result
  readonly reason: string
}

/** Users whose call log shows the call, their side of it, and the phones where they were logged in. */
export type Participants = readonly {
  readonly extension: Extension
  readonly side: 'out' | 'in'
  readonly at: readonly DeviceId[]
  /** Fields that this user's log shows in place of the record's own. */
  readonly seen?: Partial<CallRecord>
}[]

/** Writes call records as JSON lines, one file per day, and to each user's call log in Redis, which follows the user from phone to phone. */
export interface CallRecords {
  /** Never delays the call. A failed write is logged. */
  keep(record: CallRecord, participants: Participants): void
  /** Resolves when all records are written. */
  close(): Promise<void>
}

export interface CallRecordsNeeds {
  readonly store: Store
  /** Folder of the JSON lines. */
  readonly folder: string
  /** Retention in days, in files and in Redis. */
  readonly retentionDays: () => number
  readonly clock: Clock
  readonly log: Logger
}

const dayMs = 24 * 60 * 60 * 1_000

/** Records of this period are written together, because opening the file costs more than writing to it. */
const batchMs = 200

/** Limit per user besides the retention: a busy number must not fill Redis. */
const maxCalls = 10_000

/** Also on a node without calls. */
const purgeEveryMs = 60 * 60 * 1_000

export function createCallRecords({ store, folder, retentionDays, clock, log }: CallRecordsNeeds): CallRecords {
  const waiting = new Map<string, string[]>()
  let writing: Promise<unknown> = privateFolder(folder)
  let alarm: Alarm | null = null
  const purging = every(clock, purgeEveryMs, tidy, () => undefined)
  tidy()

  function enqueue(record: CallRecord): void {
    const day = record.began.slice(0, 10)
    const lines = waiting.get(day) ?? []
    lines.push(`${JSON.stringify(record)}\n`)
    waiting.set(day, lines)
    alarm ??= clock.after(batchMs, flush)
  }

  function flush(): void {
    alarm?.cancel()
    alarm = null
    const days = [...waiting]
    waiting.clear()
    for (const [day, lines] of days) writing = writing.then(() => write(day, lines)).catch(logFailure('call records were not written'))
  }

  async function write(day: string, lines: readonly string[]): Promise<void> {
    await appendPrivately(join(folder, `${day}.jsonl`), lines.join(''))
  }

  function tidy(): void {
    writing = writing.then(purge).catch(logFailure('old call records were not deleted'))
  }

  async function purge(): Promise<void> {
    const oldest = dateOf(clock.now() - retentionDays() * dayMs)
    const files = (await readdir(folder)).filter((name) => /^\d{4}-\d\d-\d\d\.jsonl$/.test(name) && name.slice(0, 10) < oldest)
    for (const name of files) await rm(join(folder, name))
  }

  function logFailure(text: string): (fault: unknown) => void {
    return (fault) => log.warn({ event: 'call.unrecorded', cause: messageOf(fault) }, `${text}: ${messageOf(fault)}`)
  }

  return {
    keep(record, participants) {
      enqueue(record)
      for (const { extension, side, at, seen } of participants) {
        const fields = Object.fromEntries(Object.entries({ ...record, ...seen }).map(([name, value]) => [name, String(value)]))
        store
          .append(`calls:${extension}`, { side, at: at.join(' '), ...fields }, { entries: maxCalls, days: retentionDays() })
          .catch(logFailure(`a call is not in the log of ${extension}`))
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
