import type { ConnectionOptions } from 'node:tls'
import { Redis, type RedisOptions } from 'ioredis'
import { messageOf } from '../../base/errors.js'
import type { HostPort } from '../../config/config.js'

/** What ioredis is told of a connection; the shape of replies is not ours to choose. */
export type ConnectionSettings = Omit<RedisOptions, 'replyMapping'>

/** A cluster as one network sees it: the one primary that owns the network's slot. */
export interface ClusterNeeds {
  readonly servers: readonly HostPort[]
  /** The hash tag, which lies in the slot. */
  readonly tag: string
  /** User, password, time limits. */
  readonly options: ConnectionSettings
  readonly tls: ConnectionOptions | null
}

/**
 * Who owns which slot. All of a network lies in one slot, so that nothing else of the cluster concerns us. When the slot moves, Redis
 * answers MOVED or hangs up, and the next connection finds it.
 */
export interface SlotMap {
  /** The primary of the network's slot. @throws when no server can tell */
  owner(): Promise<HostPort>
  /** Every primary that owns slots. */
  primaries(): Promise<readonly HostPort[]>
}

export function createSlotMap({ servers, tag, options, tls }: ClusterNeeds): SlotMap {
  let candidates: readonly HostPort[] = servers

  /** Each in turn, so that one with an outdated view is not believed for ever. */
  async function askAny<Answer>(ask: (redis: Redis, server: HostPort) => Promise<Answer>): Promise<Answer> {
    let last: unknown = new Error('the cluster has no servers')
    for (const server of candidates) {
      candidates = [...candidates.filter((other) => other !== server), server]
      const redis = new Redis({ ...visit(options, tls), ...server })
      redis.on('error', (fault) => {
        last = fault
      })
      try {
        await redis.connect()
        return await ask(redis, server)
      } catch (fault) {
        if (/^(NOAUTH|WRONGPASS|NOPERM|ERR)\b/.test(messageOf(fault))) last = fault
      } finally {
        redis.disconnect()
      }
    }
    throw new Error(`no server of the cluster tells who owns the network: ${messageOf(last)}`)
  }

  return {
    owner: () =>
      askAny(async (redis, server) => {
        const slot = Number(await redis.call('CLUSTER', 'KEYSLOT', tag))
        const ranges = rangesIn(await redis.call('CLUSTER', 'SLOTS'), server)
        candidates = together(candidates, ranges)
        const range = ranges.find(({ from, to }) => from <= slot && slot <= to)
        if (!range) throw new Error(`ERR nobody owns slot ${slot}`)
        return range.primary
      }),
    primaries: () =>
      askAny(async (redis, server) => {
        const primaries = rangesIn(await redis.call('CLUSTER', 'SLOTS'), server).map(({ primary }) => primary)
        return [...new Map(primaries.map((primary) => [name(primary), primary])).values()]
      }),
  }
}

/** How many replicas of the network's slot the server that owns it knows and has not found dead. */
export async function replicasOfSlot(redis: Redis, tag: string): Promise<number> {
  const [slot, slots] = await Promise.all([redis.call('CLUSTER', 'KEYSLOT', tag), redis.call('CLUSTER', 'SLOTS')])
  const ranges = rangesIn(slots, { host: '', port: 0 })
  return ranges.find(({ from, to }) => from <= Number(slot) && Number(slot) <= to)?.replicas.length ?? 0
}

/** Does something at every primary of the cluster, one after the other. */
export async function atEveryPrimary(needs: ClusterNeeds, work: (redis: Redis) => Promise<void>): Promise<void> {
  for (const primary of await createSlotMap(needs).primaries()) {
    const redis = new Redis({ ...visit(needs.options, needs.tls), ...primary })
    // The promise of `connect` tells the same.
    redis.on('error', () => undefined)
    try {
      await redis.connect()
      await work(redis)
    } finally {
      redis.disconnect()
    }
  }
}

/** Options of a connection for one question. */
function visit(options: ConnectionSettings, tls: ConnectionOptions | null): ConnectionSettings {
  return { ...options, retryStrategy: () => null, enableReadyCheck: false, ...(tls ? { tls } : {}) }
}

interface SlotRange {
  readonly from: number
  readonly to: number
  readonly primary: HostPort
  readonly replicas: readonly HostPort[]
}

/** CLUSTER SLOTS: `[from, to, [host, port, id, …] of the primary, … of the replicas]` a range; no host means the server that answers. */
function rangesIn(reply: unknown, answering: HostPort): readonly SlotRange[] {
  const rows = Array.isArray(reply) ? reply.filter(Array.isArray) : []
  return rows.map(([from, to, ...servers]: unknown[]) => {
    const [primary = answering, ...replicas] = servers.filter(Array.isArray).map(([host, port]: unknown[]) => ({
      host: typeof host === 'string' && host !== '' ? host : answering.host,
      port: Number(port),
    }))
    return { from: Number(from), to: Number(to), primary, replicas }
  })
}

function together(known: readonly HostPort[], ranges: readonly SlotRange[]): readonly HostPort[] {
  const seen = [...known, ...ranges.flatMap(({ primary, replicas }) => [primary, ...replicas])]
  return [...new Map(seen.map((server) => [name(server), server])).values()]
}

function name({ host, port }: HostPort): string {
  return `${host}:${port}`
}
