import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Redis } from 'ioredis'
import type { HostPort } from '../../config/config.js'
import { replicasOfSlot } from './cluster.js'
import { aimOf, type Destination } from './connection.js'
import type { Candidate, Quorum } from './quorum.js'
import { addressOf, type ConnectedReplica } from './replication.js'

/** Whether a server is the primary by those who decide it, and which replicas a failover could promote in its place. */
export interface Standing {
  /** Why it is not certain that this server is the primary; null: it is. */
  readonly doubt: string | null
  /** Where another server is the primary by the latest that is known: that one. */
  readonly successor: HostPort | null
  /** How many replicas must have a write. */
  readonly candidates: number
  /**
   * Given the connected replicas that have a write and those that have not: why a failover could lose it; null: whichever replica a
   * failover promotes has it.
   */
  gap(having: readonly ConnectedReplica[], lacking: readonly ConnectedReplica[]): Promise<string | null>
}

/** Asks now, for the server that this connection has reached. */
export async function standingOf(redis: Redis, { place, tag, sentinels }: Destination): Promise<Standing> {
  if (sentinels) return bySentinels(await sentinels.ask(), aimOf(redis))
  if (place.kind === 'cluster') return byCount(await replicasOfSlot(redis, tag))
  return byCount(0)
}

/** Those who would promote a replica are not known to us (or are the servers of a cluster): each that is connected counts, and each that must be there. */
function byCount(expected: number): Standing {
  return {
    doubt: null,
    successor: null,
    candidates: Math.max(expected, 1),
    async gap(having, lacking) {
      if (lacking[0]) return `${addressOf(lacking[0])} does not have it yet`
      const awaited = Math.max(expected, 1)
      return having.length >= awaited ? null : `${having.length} of ${awaited} replicas ${awaited === 1 ? 'has' : 'have'} it`
    },
  }
}

export function bySentinels({ primary, doubt, replicas }: Quorum, reached: HostPort | null): Standing {
  const isAnother = primary !== null && reached !== null && addressOf(primary) !== addressOf(reached)
  const candidates = replicas.filter(({ isOut }) => !isOut)
  const spares = replicas.filter(({ isOut }) => isOut)
  return {
    doubt: isAnother ? `the sentinels name ${addressOf(primary)} as the primary, and not ${addressOf(reached)}` : doubt,
    successor: isAnother ? primary : null,
    candidates: Math.max(candidates.length, 1),
    async gap(having, lacking) {
      const names = new Set((await Promise.all(having.map(namesOf))).flat())
      const has = ({ addresses }: Candidate) => addresses.some((address) => names.has(addressOf(address)))
      for (const candidate of candidates)
        if (!(has(candidate) || (await isNamed(candidate, names))))
          return `${addressOf(candidate.addresses[0] as HostPort)} does not have it yet`
      if (candidates.length === 0) return 'there is no replica that a failover could promote'
      // One that the sentinels have not seen yet.
      const known = new Set(spares.flatMap(({ addresses }) => addresses.map(addressOf)))
      const unknown = lacking.find((replica) => !known.has(addressOf(replica)))
      return unknown ? `${addressOf(unknown)} does not have it yet` : null
    },
  }
}

/** A replica under the address that the primary gives; where that is a host name, under its addresses as well. */
async function namesOf({ host, port }: HostPort): Promise<readonly string[]> {
  return [host, ...(await resolved(host))].map((each) => addressOf({ host: each, port }))
}

/** Sentinels may name a replica by its host where the primary gives its address. */
async function isNamed({ addresses }: Candidate, names: ReadonlySet<string>): Promise<boolean> {
  const found = await Promise.all(addresses.map(namesOf))
  return found.flat().some((name) => names.has(name))
}

async function resolved(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return []
  const found = await lookup(host, { all: true }).catch(() => [])
  return found.map(({ address }) => address)
}
