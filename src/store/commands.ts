import type { ChainableCommander, Redis } from 'ioredis'
import type { Clock } from '../base/clock.js'
import { type AppError, errors, isAppError, messageOf } from '../base/errors.js'
import type { Metrics } from '../base/metrics.js'
import { troubleOf } from './connections/connection-errors.js'
import type { Store, StreamLimit } from './contract.js'
import { mapOf } from './flat-reply.js'
import type { Keys } from './keys.js'

export type Commands = Pick<
  Store,
  'call' | 'putFields' | 'replaceHash' | 'renew' | 'remove' | 'read' | 'append' | 'purge' | 'recent' | 'following'
>

/** Calls a function of the library; loads the library again if it was deleted. */
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
  async function whenConnected<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (!isConnected()) throw unconnected()
    try {
      return await ask()
    } catch (fault) {
      throw asCountedError(fault, metrics)
    }
  }

  function inTransaction(fill: (transaction: ChainableCommander) => void): Promise<void> {
    return whenConnected(async () => {
      const transaction = redis.multi()
      fill(transaction)
      for (const [fault] of (await transaction.exec()) ?? []) if (fault) throw fault
    })
  }

  const oldest = (days: number): number => Math.floor(clock.now()) - days * daySeconds * 1_000

  return {
    call: (name, ...args) => whenConnected(() => callFunction(name, args)),
    putFields: (key, fields, ttlSeconds) =>
      inTransaction((transaction) => {
        const written = Object.entries(fields).filter((each): each is [string, string] => each[1] !== null)
        const removed = Object.keys(fields).filter((field) => fields[field] === null)
        if (written.length > 0) transaction.hset(keys.full(key), Object.fromEntries(written))
        if (removed.length > 0) transaction.hdel(keys.full(key), ...removed)
        if (ttlSeconds !== undefined) transaction.expire(keys.full(key), ttlSeconds)
      }),
    replaceHash: (key, fields, ttlSeconds) =>
      inTransaction((transaction) => {
        transaction.del(keys.full(key))
        if (Object.keys(fields).length > 0) transaction.hset(keys.full(key), fields)
        if (ttlSeconds !== undefined) transaction.expire(keys.full(key), ttlSeconds)
      }),
    renew: (key, ttlSeconds) => whenConnected(async () => void (await redis.expire(keys.full(key), ttlSeconds))),
    remove: (key) => whenConnected(async () => void (await redis.del(keys.full(key)))),
    read: (key) => whenConnected(async () => new Map(Object.entries(await redis.hgetall(keys.full(key))))),
    append: (stream, fields, { entries, days }: StreamLimit) =>
      inTransaction((transaction) => {
        transaction.xadd(keys.full(stream), 'MAXLEN', '~', entries, '*', ...Object.entries(fields).flat())
        if (days === undefined) return
        transaction.xtrim(keys.full(stream), 'MINID', oldest(days))
        transaction.expire(keys.full(stream), days * daySeconds)
      }),
    purge: (stream, days) => whenConnected(async () => void (await redis.xtrim(keys.full(stream), 'MINID', oldest(days)))),
    recent: (stream, count, before) =>
      whenConnected(async () => {
        const entries = redis.xrevrange(keys.full(stream), before === undefined ? '+' : `(${before}`, '-', 'COUNT', count)
        const found = await entries.catch((fault: unknown) => raise(noStream(keys.full(stream), fault)))
        return found.map(([id, flat]) => ({ id, fields: mapOf(flat) }))
      }),
    following: (stream, id, count) =>
      whenConnected(async () => {
        const found = await redis.xrange(keys.full(stream), `(${id}`, '+', 'COUNT', count)
        return found.map(([each, flat]) => ({ id: each, fields: mapOf(flat) }))
      }),
  }
}

const daySeconds = 24 * 60 * 60

/** Errors of a Redis that answers but cannot serve: failover, loading, full, without replicas. */
const unavailable =
  /^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|MISCONF|OOM|NOREPLICAS|UNBLOCKED|TRYAGAIN|MOVED|ASK|BUSY|EXECABORT|NOAUTH|WRONGPASS|NOPERM)\b/

/** The error of a command as an AppError. Refusals by Redis are counted. */
export function asCountedError(fault: unknown, { storeRefusedTotal }: Metrics): AppError {
  const error = asAppError(fault)
  if (isReply(fault) && error.code === 'STORE_UNAVAILABLE') storeRefusedTotal.inc()
  return error
}

export function isReply(fault: unknown): fault is Error {
  return fault instanceof Error && fault.name === 'ReplyError'
}

export function asAppError(fault: unknown): AppError {
  if (isAppError(fault)) return fault
  const reason = isReply(fault) ? firstCause(fault) : null
  if (reason !== null) return asAppError(reason)
  const trouble = troubleOf(fault)
  if (!isReply(fault)) return errors.STORE_UNAVAILABLE.notServing({ reason: trouble.says }, fault)
  if (unavailable.test(fault.message)) return errors.STORE_UNAVAILABLE.notServingUntil({ reason: trouble.says, todo: trouble.todo }, fault)
  return errors.STORE_PROTOCOL.refused({ reason: trouble.says }, fault)
}

/** The first error in a transaction that Redis discarded. */
function firstCause(fault: Error): unknown {
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

/** True if the command was sent and no reply came: Redis may have run it. */
export function mayHaveHappened(fault: unknown): boolean {
  return !isReply(fault) && !isAppError(fault) && !/isn't writeable/.test(messageOf(fault))
}
