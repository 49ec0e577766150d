import type { HostPort } from '../../config/config.js'
import { mapOf } from '../flat-reply.js'
import { addressOf } from './replication.js'

/** One sentinel's report about the primary that it watches. */
export interface SentinelReport {
  /** The sentinel's run id. */
  readonly id: string
  readonly primary: HostPort
  /** Rises with each switch of the primary. */
  readonly epoch: number
  readonly isFailingOver: boolean
  /** Number of sentinels, including this one. */
  readonly sentinels: number
  readonly replicas: readonly ReportedReplica[]
  readonly others: readonly SentinelAddress[]
}

interface SentinelAddress extends HostPort {
  readonly id: string
}

export interface ReportedReplica extends HostPort {
  readonly id: string
  /** This sentinel would not promote it now: it is down, or has priority 0. */
  readonly isOut: boolean
}

/** A replica as all sentinels see it, with each of its addresses. */
export interface Candidate {
  readonly addresses: readonly HostPort[]
  /** None of the sentinels would promote it now. */
  readonly isOut: boolean
}

/** The sentinels' reports combined. */
export interface Quorum {
  /** The primary by the newest configuration that any of them has; null if none answered. */
  readonly primary: HostPort | null
  /** Why the primary is not certain; null: a majority of all sentinels names it, and none is replacing it. */
  readonly doubt: string | null
  readonly replicas: readonly Candidate[]
}

export function quorumOf(reports: readonly SentinelReport[]): Quorum {
  const latest = Math.max(...reports.map(({ epoch }) => epoch))
  const current = reports.filter(({ epoch }) => epoch === latest)
  const primary = current[0]?.primary
  if (!primary) return { primary: null, doubt: 'no sentinel answers', replicas: [] }
  const agreeing = current.filter((report) => addressOf(report.primary) === addressOf(primary))
  const all = Math.max(...reports.map(({ sentinels }) => sentinels))
  return { primary, doubt: doubtOf(reports, agreeing, all), replicas: candidatesOf(agreeing) }
}

function doubtOf(reports: readonly SentinelReport[], agreeing: readonly SentinelReport[], all: number): string | null {
  const majority = Math.floor(all / 2) + 1
  const count = (found: readonly SentinelReport[]): number => new Set(found.map(({ id }) => id)).size
  const [answering, naming] = [count(reports), count(agreeing)]
  if (answering < majority) return `only ${answering} of ${all} sentinels ${answering === 1 ? 'answers' : 'answer'}`
  if (naming < majority) return `only ${naming} of ${all} sentinels ${naming === 1 ? 'names' : 'name'} the same primary`
  return reports.some(({ isFailingOver }) => isFailingOver) ? 'the sentinels are replacing the primary' : null
}

/** A server may have two addresses: the one that the sentinels were configured with, and the one that the primary sees. */
function candidatesOf(reports: readonly SentinelReport[]): readonly Candidate[] {
  const rows = reports.flatMap(({ replicas }) => replicas)
  const idAt = new Map(rows.filter(({ id }) => id !== '').map((row) => [addressOf(row), row.id]))
  const groups = new Map<string, ReportedReplica[]>()
  for (const row of rows) {
    const name = row.id || (idAt.get(addressOf(row)) ?? addressOf(row))
    groups.set(name, [...(groups.get(name) ?? []), row])
  }
  return Array.from(groups.values(), (group) => ({ addresses: group, isOut: group.every(({ isOut }) => isOut) }))
}

/** A reply of SENTINEL, which is a flat list `[field, value, …]`. */
type Fields = ReadonlyMap<string, string>

export interface SentinelReplies {
  readonly id: unknown
  /** SENTINEL GET-MASTER-ADDR-BY-NAME; during a failover this is the first to name the new primary. */
  readonly address: unknown
  /** SENTINEL MASTER, REPLICAS, SENTINELS. */
  readonly primary: unknown
  readonly replicas: unknown
  readonly sentinels: unknown
}

/** null if this sentinel does not know a primary of that name. */
export function readReport({ id, address, primary, replicas, sentinels }: SentinelReplies): SentinelReport | null {
  if (!Array.isArray(address)) return null
  const about = mapOf(primary)
  const others = rowsIn(sentinels)
  return {
    id: String(id),
    primary: { host: String(address[0]), port: Number(address[1]) },
    epoch: Number(about.get('config-epoch')),
    isFailingOver: has(about, 'failover_in_progress'),
    sentinels: others.length + 1,
    replicas: rowsIn(replicas).map((row) => ({
      ...addressIn(row),
      // A previous primary that does not replicate yet counts: it could be promoted, with writes that only it has.
      isOut: has(row, 's_down') || has(row, 'o_down') || row.get('slave-priority') === '0',
    })),
    others: others.map(addressIn),
  }
}

function has(row: Fields, flag: string): boolean {
  return (row.get('flags') ?? '').split(',').includes(flag)
}

function addressIn(row: Fields): SentinelAddress {
  return { id: row.get('runid') ?? '', host: row.get('ip') ?? '', port: Number(row.get('port')) }
}

function rowsIn(reply: unknown): readonly Fields[] {
  return Array.isArray(reply) ? reply.map((row) => mapOf(row)) : []
}
