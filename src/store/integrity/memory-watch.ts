import type { Redis } from 'ioredis'
import { type Clock, every, type Milliseconds } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import { counted } from '../../base/output/counted.js'
import { fieldsOf } from '../connections/server-info.js'

/** Warns if Redis may evict keys, or is about to refuse writes. */
export interface MemoryWatch {
  /** Sentences; empty: all is well, or Redis has not answered yet. */
  readonly warnings: readonly string[]
  close(): void
}

export interface MemoryWatchNeeds {
  readonly redis: Redis
  readonly isConnected: () => boolean
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'storeEvicting' | 'storeEvictedKeys' | 'storeMemoryRatio'>
  readonly everyMs?: Milliseconds
}

/** Redis refuses logins when it is full. */
const fullShare = 0.9

export function createMemoryWatch({ redis, isConnected, clock, log, metrics, everyMs = 60_000 }: MemoryWatchNeeds): MemoryWatch {
  let warnings: readonly string[] = []
  let evicted = Number.NaN

  async function check(): Promise<void> {
    if (!isConnected()) return
    const field = fieldsOf(await redis.info())
    const report = {
      policy: field('maxmemory_policy'),
      limit: Number(field('maxmemory')),
      used: Number(field('used_memory')),
      evicted: Number(field('evicted_keys')),
    }
    metrics.storeEvicting.set(report.policy === 'noeviction' ? 0 : 1)
    metrics.storeEvictedKeys.set(report.evicted)
    metrics.storeMemoryRatio.set(report.limit === 0 ? 0 : report.used / report.limit)
    const found = [...warningsOf(report), ...(report.evicted > evicted ? [evictionWarning(report.evicted - evicted)] : [])]
    evicted = report.evicted
    for (const text of found) if (!warnings.includes(text)) log.warn({ event: 'store.memory', ...report }, text)
    warnings = found
  }

  // The link reports a Redis that does not answer.
  const ignore = (): void => undefined
  const watching = every(clock, everyMs, check, ignore)
  // The first check comes soon after the start.
  const first = clock.after(Math.min(everyMs, 1_000), () => void check().catch(ignore))

  return {
    get warnings() {
      return warnings
    },
    close() {
      watching.cancel()
      first.cancel()
    },
  }
}

interface Report {
  readonly policy: string
  readonly limit: number
  readonly used: number
}

function warningsOf({ policy, limit, used }: Report): readonly string[] {
  const [usedMb, limitMb] = [Math.ceil(used / 2 ** 20), Math.floor(limit / 2 ** 20)]
  return [
    ...(policy === 'noeviction'
      ? []
      : [`maxmemory-policy of Redis is ${policy}: when Redis is full, it evicts users and logins. CONFIG SET maxmemory-policy noeviction`]),
    ...(limit > 0 && used > fullShare * limit
      ? [`Redis uses ${usedMb} MB of ${limitMb} MB (maxmemory): when it is full, nobody can log in. Raise maxmemory`]
      : []),
  ]
}

function evictionWarning(count: number): string {
  return `Redis has evicted ${counted(count, 'key')} within a minute: raise maxmemory, and CONFIG SET maxmemory-policy noeviction`
}
