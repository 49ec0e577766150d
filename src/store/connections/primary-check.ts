import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Redis } from 'ioredis'
import type { HostPort } from '../../config/config.js'
import { replicasOfSlot } from './cluster.js'
import { type Destination, lastServerOf } from './connection.js'
import type { Candidate, Quorum } from './quorum.js'
import { addressOf, type ConnectedReplica } from './replication.js'

/** Whether a server is the primary according to the sentinels, and which replicas a failover could promote. */
export interface PrimaryStatus {
  /** Why it is not certain that this server is the primary; null: it is certain. */
  readonly doubt: string | null
  /** Another server that is the primary by the newest configuration; null: none. */
  readonly successor: HostPort | null
  /** Number of replicas that must have a write. */
  readonly candidates: number
  /**
   * Why a failover could lose a write, given the connected replicas with and without it; null: every replica that a failover could promote
   * has it.
   */
  gap(having: readonly ConnectedReplica[], lacking: readonly ConnectedReplica[]): Promise<string | null>
}

/** Asks about the server that this connection has reached. */
export async function primaryStatusOf(redis: Redis, { target, tag, sentinels }: Destination): Promise<PrimaryStatus> {
  if (sentinels) return bySentinels(await sentinels.ask(), lastServerOf(redis))
  if (target.kind === 'cluster') return byCount(await replicasOfSlot(redis, tag))
  return byCount(0)
}

/** Without sentinels: all connected replicas must have the write, and at least the expected number. */
function byCount(expected: number): PrimaryStatus {
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

export function bySentinels({ primary, doubt, replicas }: Quorum, reached: HostPort | null): PrimaryStatus {
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
      // A replica that the sentinels have not seen yet.
      const known = new Set(spares.flatMap(({ addresses }) => addresses.map(addressOf)))
      const unknown = lacking.find((replica) => !known.has(addressOf(replica)))
      return unknown ? `${addressOf(unknown)} does not have it yet` : null
    },
  }
}

/** The address that the primary gives for a replica; for a host name, also the addresses that it resolves to. */
async function namesOf({ host, port }: HostPort): Promise<readonly string[]> {
  return [host, ...(await resolved(host))].map((each) => addressOf({ host: each, port }))
}

/** Sentinels may give a replica's host name where the primary gives its address. */
async function isNamed({ addresses }: Candidate, names: ReadonlySet<string>): Promise<boolean> {
  const found = await Promise.all(addresses.map(namesOf))
  return found.flat().some((name) => names.has(name))
}

async function resolved(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return []
  const found = await lookup(host, { all: true }).catch(() => [])
  return found.map(({ address }) => address)
}
