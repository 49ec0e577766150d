import type { Redis } from 'ioredis'
import { type Clock, type Milliseconds, pause } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { Destination } from './connection.js'
import { type Standing, standingOf } from './primary-check.js'
import { type ConnectedReplica, type Replication, readReplication } from './replication.js'

/** Why a write may be lost by a failover. */
export interface Doubt {
  /** `unanswered`: Redis has not answered. `primary`: the server may not be the primary any longer. `replica`: one that could be promoted lacks it. */
  readonly reason: DoubtReason
  readonly detail: string
}

export const doubtReasons = ['unanswered', 'primary', 'replica'] as const
type DoubtReason = (typeof doubtReasons)[number]

export interface ConfirmationNeeds {
  /** A connection for writes alone: it is held up while replicas are waited for. */
  readonly redis: Redis
  readonly destination: Destination
  readonly clock: Clock
}

/** How long replicas may take to acknowledge a write: a person at a phone is waiting. */
const withinMs: Milliseconds = 1_000
const askAgainMs: Milliseconds = 20

/** Begins to watch the connection, before anything is written. The function that it gives is called when all is written. */
export type BeginConfirmation = () => () => Promise<Doubt | null>

/**
 * Decides whether everything that the connection has written so far survives any failover.
 *
 * A failover promotes one of the replicas that the sentinels know. A write is therefore safe once all of them have acknowledged it, but
 * for those that no sentinel would promote now: a replica that is promoted before it has the write never acknowledges it. WAIT alone does
 * not tell: it counts replicas and does not name them, and the one that was promoted is none of those it counts.
 */
export function createConfirmation({ redis, destination, clock }: ConfirmationNeeds): BeginConfirmation {
  let candidates = 1
  /** Connections that have ended. Behind the next one there may be another server, which knows nothing of a write to this one. */
  let ended = 0
  redis.on('close', () => {
    ended += 1
  })

  const replication = async (): Promise<Replication> => readReplication(await redis.info('replication'))

  async function doubt(): Promise<Doubt | null> {
    const deadline = clock.now() + withinMs
    const [written] = await Promise.all([replication(), redis.wait(candidates, withinMs)])
    const standing = await standingOf(redis, destination)
    candidates = standing.candidates
    if (standing.doubt !== null) return { reason: 'primary', detail: standing.doubt }
    return untilAcknowledged({ written, standing, deadline })
  }

  async function untilAcknowledged(write: Write): Promise<Doubt | null> {
    for (;;) {
      const now = await replication()
      if (!now.isPrimary) return { reason: 'primary', detail: 'this server has become a replica' }
      const [having, lacking] = divide(now.replicas, write.written.offset)
      const gap = await write.standing.gap(having, lacking)
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

/** ioredis names the setting of its own that makes a command end with its connection. */
function reasonOf(fault: unknown): string {
  return fault instanceof Error && fault.name === 'MaxRetriesPerRequestError' ? connectionLost : messageOf(fault)
}

interface Write {
  readonly written: Replication
  readonly standing: Standing
  readonly deadline: Milliseconds
}

function divide(replicas: readonly ConnectedReplica[], offset: number): [readonly ConnectedReplica[], readonly ConnectedReplica[]] {
  const online = replicas.filter(({ isOnline }) => isOnline)
  return [online.filter((replica) => replica.offset >= offset), online.filter((replica) => replica.offset < offset)]
}
