import type { Redis } from 'ioredis'
import type { Clock } from '../../base/clock.js'
import { createDestination, introduce, newConnection, type ReachableTarget } from './connection.js'

export interface SingleUse {
  readonly place: ReachableTarget
  /** The network's hash tag. */
  readonly tag: string
  readonly clock: Clock
}

/**
 * Does one piece of work over a connection of its own, which is tried once.
 * @throws the reason why there is no connection, and whatever `work` throws
 */
export async function overOwnConnection<Result>(
  { place, tag, clock }: SingleUse,
  work: (redis: Redis) => Promise<Result>,
): Promise<Result> {
  const destination = createDestination(place, tag, clock)
  const redis = newConnection(destination, { retryStrategy: () => null })
  let trouble: Error | null = null
  redis.on('error', (fault: Error) => {
    trouble ??= fault
  })
  try {
    // ioredis rejects with "Connection is closed"; the reason came before.
    await redis.connect().catch((fault: unknown) => Promise.reject(trouble ?? fault))
    await introduce(redis)
    return await work(redis)
  } finally {
    redis.disconnect()
    destination.close()
  }
}
