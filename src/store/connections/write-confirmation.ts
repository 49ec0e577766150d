import type { Redis } from 'ioredis'
import { type Clock, type Milliseconds, pause } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { Destination } from './connection.js'
import { type PrimaryStatus, primaryStatusOf } from './primary-check.js'
import { type ConnectedReplica, type Replication, readReplication } from './replication.js'

/** Why a write may be lost by a failover. */
export interface Doubt {
  /** `unanswered`: Redis has not answered. `primary`: the server may no longer be the primary. `replica`: a replica that could be promoted lacks the write. */
  readonly reason: DoubtReason
  readonly detail: string
}

export const doubtReasons = ['unanswered', 'primary', 'replica'] as const
type DoubtReason = (typeof doubtReasons)[number]

export interface ConfirmationNeeds {
  /** A connection for writes only: WAIT blocks it. */
  readonly redis: Redis
  readonly destination: Destination
  readonly clock: Clock
}

/** How long replicas may take to acknowledge a write: the user is waiting at the phone. */
const withinMs: Milliseconds = 1_000
const askAgainMs: Milliseconds = 20

/** To be called before anything is written; the returned function is called after all writes. */
export type BeginConfirmation = () => () => Promise<Doubt | null>

/**
 * Decides whether everything that the connection has written so far survives any failover.
 *
 * A failover promotes one of the replicas that the sentinels know. A write is therefore safe once each replica that a sentinel would
 * promote has acknowledged it: a replica that is promoted before it has the write never acknowledges it. WAIT is not enough, because it
 * counts replicas without naming them, and does not count one that was promoted.
 */
export function createConfirmation({ redis, destination, clock }: ConfirmationNeeds): BeginConfirmation {
  let candidates = 1
  /** Number of closed connections. The next one may reach another server, which does not have a write to this one. */
  let ended = 0
  redis.on('close', () => {
    ended += 1
  })

  const replication = async (): Promise<Replication> => readReplication(await redis.info('replication'))

  async function doubt(): Promise<Doubt | null> {
    const deadline = clock.now() + withinMs
    const [written] = await Promise.all([replication(), redis.wait(candidates, withinMs)])
    const status = await primaryStatusOf(redis, destination)
    candidates = status.candidates
    if (status.doubt !== null) return { reason: 'primary', detail: status.doubt }
    return untilAcknowledged({ written, status, deadline })
  }

  async function untilAcknowledged(write: Write): Promise<Doubt | null> {
    for (;;) {
      const now = await replication()
      if (!now.isPrimary) return { reason: 'primary', detail: 'this server has become a replica' }
      const [having, lacking] = divide(now.replicas, write.written.offset)
      const gap = await write.status.gap(having, lacking)
      if (gap === null) return null
      if (clock.now() >= write.deadline) return { reason: 'replica', detail: gap }
      await pause(clock, askAgainMs)
    }
  }

  return () => {
    const endedBefore = ended
    return async () => {
      const found = await doubt().catch((fault: unknown): Doubt => ({ reason: 'unanswered', detail: reasonOf(fault) }))
      return found ?? (ended === endedBefore ? null : { reason: 'unanswered', detail: connectionLost })
    }
  }
}

const connectionLost = 'the connection was lost'

/** When a connection ends, ioredis's error names its retry setting instead of the lost connection. */
function reasonOf(fault: unknown): string {
  return fault instanceof Error && fault.name === 'MaxRetriesPerRequestError' ? connectionLost : messageOf(fault)
}

interface Write {
  readonly written: Replication
  readonly status: PrimaryStatus
  readonly deadline: Milliseconds
}

function divide(replicas: readonly ConnectedReplica[], offset: number): [readonly ConnectedReplica[], readonly ConnectedReplica[]] {
  const online = replicas.filter(({ isOnline }) => isOnline)
  return [online.filter((replica) => replica.offset >= offset), online.filter((replica) => replica.offset < offset)]
}
