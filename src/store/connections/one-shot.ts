import type { Redis } from 'ioredis'
import type { Clock } from '../../base/clock.js'
import { createDestination, nameAndSelect, newConnection, type ReachableTarget } from './connection.js'

export interface OneShotNeeds {
  readonly target: ReachableTarget
  /** The network's hash tag. */
  readonly tag: string
  readonly clock: Clock
}

/**
 * Runs `work` over its own connection, without a retry.
 * @throws the reason why there is no connection, or the error of `work`
 */
export async function overOneShotConnection<Result>(
  { target, tag, clock }: OneShotNeeds,
  work: (redis: Redis) => Promise<Result>,
): Promise<Result> {
  const destination = createDestination(target, tag, clock)
  const redis = newConnection(destination, { retryStrategy: () => null })
  let trouble: Error | null = null
  redis.on('error', (fault: Error) => {
    trouble ??= fault
  })
  try {
    // ioredis rejects with "Connection is closed"; 'error' has the reason.
    await redis.connect().catch((fault: unknown) => Promise.reject(trouble ?? fault))
    await nameAndSelect(redis)
    return await work(redis)
  } finally {
    redis.disconnect()
    destination.close()
  }
}
