import type { ConnectionOptions } from 'node:tls'
import { Redis, type RedisOptions } from 'ioredis'
import { messageOf } from '../../base/errors.js'
import type { HostPort } from '../../config/config.js'

/** Options of ioredis. We need its default form of replies. */
export type ConnectionSettings = Omit<RedisOptions, 'replyMapping'>

/** A cluster as one network uses it: only the primary that owns the network's slot matters. */
export interface ClusterNeeds {
  readonly servers: readonly HostPort[]
  /** The network's hash tag, which determines the slot. */
  readonly tag: string
  /** User, password, timeouts. */
  readonly options: ConnectionSettings
  readonly tls: ConnectionOptions | null
}

/**
 * Finds the owners of slots. A network lies in one slot, so the rest of the cluster does not matter. When the slot moves, Redis replies
 * MOVED or closes the connection, and the next connection finds the new owner.
 */
export interface SlotMap {
  /** The primary of the network's slot. @throws if no server knows it */
  owner(): Promise<HostPort>
  /** Every primary that owns slots. */
  primaries(): Promise<readonly HostPort[]>
}

export function createSlotMap({ servers, tag, options, tls }: ClusterNeeds): SlotMap {
  let candidates: readonly HostPort[] = servers

  /** Asks the servers in rotation, so that one with an outdated view is not trusted forever. */
  async function askAny<Answer>(ask: (redis: Redis, server: HostPort) => Promise<Answer>): Promise<Answer> {
    let last: unknown = new Error('the cluster has no servers')
    for (const server of candidates) {
      candidates = [...candidates.filter((other) => other !== server), server]
      const redis = new Redis({ ...oneShotOptions(options, tls), ...server })
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
    throw new Error(`no server of the cluster knows the owner of the network: ${messageOf(last)}`)
  }

  return {
    owner: () =>
      askAny(async (redis, server) => {
        const slot = Number(await redis.call('CLUSTER', 'KEYSLOT', tag))
        const ranges = rangesIn(await redis.call('CLUSTER', 'SLOTS'), server)
        candidates = merged(candidates, ranges)
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

/** Number of replicas of the network's slot that its owner knows and does not count as failed. */
export async function replicasOfSlot(redis: Redis, tag: string): Promise<number> {
  const [slot, slots] = await Promise.all([redis.call('CLUSTER', 'KEYSLOT', tag), redis.call('CLUSTER', 'SLOTS')])
  const ranges = rangesIn(slots, { host: '', port: 0 })
  return ranges.find(({ from, to }) => from <= Number(slot) && Number(slot) <= to)?.replicas.length ?? 0
}

/** Runs `work` on every primary of the cluster, one after the other. */
export async function atEveryPrimary(needs: ClusterNeeds, work: (redis: Redis) => Promise<void>): Promise<void> {
  for (const primary of await createSlotMap(needs).primaries()) {
    const redis = new Redis({ ...oneShotOptions(needs.options, needs.tls), ...primary })
    // `connect` rejects with the same error.
    redis.on('error', () => undefined)
    try {
      await redis.connect()
      await work(redis)
    } finally {
      redis.disconnect()
    }
  }
}

/** Options of a connection for one query. */
function oneShotOptions(options: ConnectionSettings, tls: ConnectionOptions | null): ConnectionSettings {
  return { ...options, retryStrategy: () => null, enableReadyCheck: false, ...(tls ? { tls } : {}) }
}

interface SlotRange {
  readonly from: number
  readonly to: number
  readonly primary: HostPort
  readonly replicas: readonly HostPort[]
}

/** CLUSTER SLOTS: each range is `[from, to, [host, port, id, …] of the primary, … of the replicas]`; no host means the answering server. */
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

function merged(known: readonly HostPort[], ranges: readonly SlotRange[]): readonly HostPort[] {
  const seen = [...known, ...ranges.flatMap(({ primary, replicas }) => [primary, ...replicas])]
  return [...new Map(seen.map((server) => [name(server), server])).values()]
}

function name({ host, port }: HostPort): string {
  return `${host}:${port}`
}
