import type { Clock, Milliseconds } from '../../base/clock.js'
import { isHeartbeat } from '../keys.js'
import type { Hash, WritableReplica } from './replica.js'

/**
 * A node is alive as long as it renews its key. While Redis is lost, no node can: all keys expire, which proves nothing. An expired
 * heartbeat therefore counts only after live nodes have had time to reconnect.
 */
export interface HeartbeatGrace {
  suspend(): void
  /** The copy is complete again. Returns the keys to read again after the grace period, and its end. */
  resume(): { readonly keys: readonly string[]; readonly at: Milliseconds }
  /** If this is an expired heartbeat that may return: when to read it again (infinite while Redis is lost). null: use it as it was read. */
  awaitedUntil(key: string, hash: Hash): Milliseconds | null
}

export interface HeartbeatGraceNeeds {
  readonly replica: Pick<WritableReplica, 'hash' | 'keys'>
  readonly clock: Clock
}

/** Nodes reconnect within two seconds, and read a large network before their first heartbeat. */
const returnMs = 10_000

export function createHeartbeatGrace({ replica, clock }: HeartbeatGraceNeeds): HeartbeatGrace {
  let trustedFrom: Milliseconds = Number.POSITIVE_INFINITY
  /** Renewed since the loss. Their expiry counts at once. */
  const renewed = new Set<string>()

  return {
    suspend() {
      trustedFrom = Number.POSITIVE_INFINITY
      renewed.clear()
    },
    resume() {
      trustedFrom = clock.now() + returnMs
      return { keys: [...replica.keys()].filter(isHeartbeat), at: trustedFrom }
    },
    awaitedUntil(key, hash) {
      if (!isHeartbeat(key) || clock.now() >= trustedFrom) return null
      const before = replica.hash(key)
      if (hash.size > 0 && (!before || hash.get('seen') !== before.get('seen'))) renewed.add(key)
      return hash.size === 0 && before !== undefined && !renewed.has(key) ? trustedFrom : null
    },
  }
}
