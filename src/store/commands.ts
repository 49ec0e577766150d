import type { ChainableCommander, Redis } from 'ioredis'
import type { Clock } from '../base/clock.js'
import { type AppError, errors, isAppError, messageOf } from '../base/errors.js'
import type { Metrics } from '../base/metrics.js'
import { troubleOf } from './connections/connection-errors.js'
import type { Kept, Store, StreamEntry } from './contract.js'
import type { Keys } from './keys.js'

export type Commands = Pick<Store, 'call' | 'putFields' | 'replaceHash' | 'renew' | 'remove' | 'append' | 'purge' | 'recent'>

/** Calls a function of the library, once more where somebody has deleted the library. */
export type CallFunction = (name: string, args: readonly string[]) => Promise<string>

export interface CommandNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly callFunction: CallFunction
  readonly isConnected: () => boolean
  readonly clock: Clock
  readonly metrics: Metrics
}

export function createCommands({ redis, keys, callFunction, isConnected, clock, metrics }: CommandNeeds): Commands {
  async function answered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (!isConnected()) throw unconnected()
    try {
      return await ask()
    } catch (fault) {
      throw toldBy(fault, metrics)
    }
  }

  function together(fill: (transaction: ChainableCommander) => void): Promise<void> {
    return answered(async () => {
      const transaction = redis.multi()
      fill(transaction)
      for (const [fault] of (await transaction.exec()) ?? []) if (fault) throw fault
    })
  }

  const oldest = (days: number): number => Math.floor(clock.now()) - days * daySeconds * 1_000

  return {
    call: (name, ...args) => answered(() => callFunction(name, args)),
    putFields: (key, fields, ttlSeconds) =>
      together((transaction) => {
        if (Object.keys(fields).length > 0) transaction.hset(keys.full(key), fields)
        if (ttlSeconds !== undefined) transaction.expire(keys.full(key), ttlSeconds)
      }),
    replaceHash: (key, fields, ttlSeconds) =>
      together((transaction) => {
        transaction.del(keys.full(key))
        if (Object.keys(fields).length > 0) transaction.hset(keys.full(key), fields)
        if (ttlSeconds !== undefined) transaction.expire(keys.full(key), ttlSeconds)
      }),
    renew: (key, ttlSeconds) => answered(async () => void (await redis.expire(keys.full(key), ttlSeconds))),
    remove: (key) => answered(async () => void (await redis.del(keys.full(key)))),
    append: (stream, fields, { entries, days }: Kept) =>
      together((transaction) => {
        transaction.xadd(keys.full(stream), 'MAXLEN', '~', entries, '*', ...Object.entries(fields).flat())
        if (days === undefined) return
        transaction.xtrim(keys.full(stream), 'MINID', oldest(days))
        transaction.expire(keys.full(stream), days * daySeconds)
      }),
    purge: (stream, days) => answered(async () => void (await redis.xtrim(keys.full(stream), 'MINID', oldest(days)))),
    recent: (stream, count, before) =>
      answered(async () => {
        const asked = redis.xrevrange(keys.full(stream), before === undefined ? '+' : `(${before}`, '-', 'COUNT', count)
        const found = await asked.catch((fault: unknown) => raise(noStream(keys.full(stream), fault)))
        return found.map(([id, flat]) => toEntry(id, flat))
      }),
  }
}

const daySeconds = 24 * 60 * 60

/** What Redis says when it is there and cannot serve: failing over, loading, full, cut off from its replicas. */
const unavailable =
  /^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|MISCONF|OOM|NOREPLICAS|UNBLOCKED|TRYAGAIN|MOVED|ASK|BUSY|EXECABORT|NOAUTH|WRONGPASS|NOPERM)\b/

/** The fault of a command as an error of ours; what Redis itself would not do is counted. */
export function toldBy(fault: unknown, { storeRefusedTotal }: Metrics): AppError {
  const error = asAppError(fault)
  if (isReply(fault) && error.code === 'STORE_UNAVAILABLE') storeRefusedTotal.inc()
  return error
}

export function isReply(fault: unknown): fault is Error {
  return fault instanceof Error && fault.name === 'ReplyError'
}

export function asAppError(fault: unknown): AppError {
  if (isAppError(fault)) return fault
  const reason = isReply(fault) ? firstOf(fault) : null
  if (reason !== null) return asAppError(reason)
  const trouble = troubleOf(fault)
  if (!isReply(fault)) return errors.STORE_UNAVAILABLE.notServing({ reason: trouble.says }, fault)
  if (unavailable.test(fault.message)) return errors.STORE_UNAVAILABLE.notServingUntil({ reason: trouble.says, todo: trouble.todo }, fault)
  return errors.STORE_PROTOCOL.refused({ reason: trouble.says }, fault)
}

/** Of a transaction that Redis gave up: why. */
function firstOf(fault: Error): unknown {
  const reasons: unknown = 'previousErrors' in fault ? fault.previousErrors : null
  return Array.isArray(reasons) && reasons.length > 0 ? reasons[0] : null
}

function noStream(key: string, fault: unknown): unknown {
  if (!messageOf(fault).startsWith('WRONGTYPE')) return fault
  return errors.STORE_PROTOCOL.notStream({ key }, fault)
}

function raise(fault: unknown): never {
  throw fault
}

export function unconnected(): AppError {
  return errors.STORE_UNAVAILABLE.notConnected()
}

/** It was sent, and what became of it was not heard. */
export function mayHaveHappened(fault: unknown): boolean {
  return !isReply(fault) && !isAppError(fault) && !/isn't writeable/.test(messageOf(fault))
}

function toEntry(id: string, flat: readonly string[]): StreamEntry {
  const fields = new Map<string, string>()
  for (let index = 0; index + 1 < flat.length; index += 2) fields.set(flat[index] ?? '', flat[index + 1] ?? '')
  return { id, fields }
}
