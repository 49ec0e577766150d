import { systemClock } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { Config } from '../../config/config.js'
import { hotdeskLibrary } from '../../hotdesk/hotdesk.js'
import { inspectRedis, type RedisReport, redisTrouble } from '../../store/store.js'
import { reachable } from '../operator/network.js'
import { type Finding, findingsAbout } from './finding.js'

/** `answers` is false if the records cannot be checked. */
export interface RedisFindings {
  readonly answers: boolean
  readonly findings: readonly Finding[]
}

export async function redis(config: Config): Promise<RedisFindings> {
  try {
    const place = reachable(config)
    const report = await inspectRedis({ redis: place, network: config.network, functions: hotdeskLibrary, clock: systemClock })
    return { answers: true, findings: findingsIn(report, config) }
  } catch (fault) {
    return { answers: false, findings: [silence(fault, config)] }
  }
}

/** Why Redis does not answer. An embedded one ends with its node. */
function silence(fault: unknown, config: Config): Finding {
  const { mind, wrong } = findingsAbout('redis')
  if (isAppError(fault, 'CONFIG_INVALID')) return wrong(fault.says, `${fault.todo}, or remove that folder if no node of yours uses it`)
  if (config.redis.kind === 'embedded') return mind('embedded Redis is not running (no node is running)', 'start the node: hotdesk start')
  if (isAppError(fault)) return wrong(fault.says, fault.todo)
  const { says, todo } = redisTrouble(fault, config.redis)
  return wrong(says, todo)
}

/** Judges the state of a Redis. */
export function findingsIn(report: RedisReport, { durability }: Pick<Config, 'durability'>): Finding[] {
  return [
    server(report),
    functions(report),
    clock(report),
    persistence(report),
    memory(report),
    ...(durability === 'replicated' ? [replicas(report)] : []),
  ]
}

function server({ version, role }: RedisReport): Finding {
  const { good, wrong } = findingsAbout('redis')
  if (Number(version.split('.')[0]) < 7) return wrong(`Redis ${version} has no functions`, 'install Redis 7 or later')
  if (role !== 'master')
    return wrong(`Redis ${version} is a replica, which accepts no logins`, 'set `redis` to the primary or its sentinels')
  return good(`Redis ${version}, primary`)
}

function functions({ library }: RedisReport): Finding {
  const { good, mind, wrong } = findingsAbout('functions')
  const own = hotdeskLibrary.version
  if (library === null) return mind('the function library is missing', 'hotdesk redis install; the first node loads it into an empty Redis')
  if (library === own) return good(`library version ${own}`)
  if (library > own) return wrong(`Redis has library version ${library}, this program ${own}`, 'update hotdesk on this machine')
  return wrong(`Redis has library version ${library}, this program ${own}: logins are refused until they agree`, 'hotdesk redis install')
}

const tolerableMs = 1_000

function clock({ aheadMs }: RedisReport): Finding {
  const { good, wrong } = findingsAbout('clock')
  const seconds = (Math.abs(aheadMs) / 1_000).toFixed(1)
  if (Math.abs(aheadMs) <= tolerableMs) return good('agrees with the clock of Redis')
  return wrong(
    `${seconds} s ${aheadMs > 0 ? 'behind' : 'ahead of'} the clock of Redis`,
    'run a time service on both machines: chrony, or systemd-timesyncd',
  )
}

function persistence({ persistence: { appendOnly, fsync, snapshots, isWriting } }: RedisReport): Finding {
  const { good, mind, wrong } = findingsAbout('persistence')
  if (!isWriting) return wrong('Redis failed to write its files', 'see its log; usually the disk is full')
  if (appendOnly && fsync === 'no')
    return mind('append-only file, flushed when the system decides', 'CONFIG SET appendfsync everysec, or always')
  if (appendOnly)
    return good(
      fsync === 'always'
        ? 'append-only file, flushed at each login'
        : `append-only file${fsync === 'everysec' ? ', flushed every second' : ''}`,
    )
  const todo = 'CONFIG SET appendonly yes, then CONFIG REWRITE'
  if (snapshots === true) return mind('snapshots only: a crash loses some minutes of logins', todo)
  return wrong(`no append-only file${snapshots === false ? ' and no snapshots' : ''}: a restart of Redis loses every login and user`, todo)
}

const fullShare = 0.9

function memory({ memory: { usedBytes, limitBytes, whenFull } }: RedisReport): Finding {
  const { good, mind, wrong } = findingsAbout('memory')
  const used = `${Math.ceil(usedBytes / 1024 / 1024)} MB`
  const todo = 'CONFIG SET maxmemory-policy noeviction'
  if (limitBytes === 0 && whenFull !== 'noeviction') return mind(`${used}, no limit; with one, Redis would evict keys (${whenFull})`, todo)
  if (limitBytes === 0) return good(`${used}, no limit`)
  if (whenFull !== 'noeviction') return wrong(`a full Redis evicts keys (${whenFull}), including users and logins`, todo)
  const says = `${used} of ${Math.floor(limitBytes / 1024 / 1024)} MB`
  if (usedBytes >= limitBytes) return wrong(`${says}: Redis is full, and nobody can log in or out`, 'raise maxmemory: CONFIG SET maxmemory')
  return usedBytes > fullShare * limitBytes ? mind(says, 'raise maxmemory: when it is full, nobody can log in') : good(says)
}

function replicas({ replicas: count }: RedisReport): Finding {
  const { good, wrong } = findingsAbout('replicas')
  if (count > 0) return good(`${count}`)
  return wrong('none, and durability is replicated: every login is unconfirmed', 'start a replica, or set redis.durability to local')
}
