import type { Clock, Milliseconds } from '../base/clock.js'
import { isHeartbeat } from './keys.js'
import type { Hash, WritableReplica } from './replica.js'

/**
 * Nodes live as long as they renew their key. While Redis is lost or stands still none of them can: what has run out by then says nothing
 * of the node, and is not believed before every node that lives has had the time to come back.
 */
export interface Heartbeats {
  lost(): void
  /** The copy is whole again. Answers what is to be looked at when nodes have had their time, and when that is. */
  found(): { readonly keys: readonly string[]; readonly at: Milliseconds }
  /**
   * Of what was just read: when to look again, where it is a heartbeat that has run out and may come back; infinite as long as Redis
   * is lost. null: it is as it was read.
   */
  awaitedUntil(key: string, hash: Hash): Milliseconds | null
}

export interface HeartbeatNeeds {
  readonly replica: Pick<WritableReplica, 'hash' | 'keys'>
  readonly clock: Clock
}

/** Connections are made anew after two seconds at the most; a large network is read before the first heartbeat. */
const returnMs = 10_000

export function createHeartbeats({ replica, clock }: HeartbeatNeeds): Heartbeats {
  let believedFrom: Milliseconds = Number.POSITIVE_INFINITY
  /** Renewed since the loss: these are believed at once. */
  const renewed = new Set<string>()

  return {
    lost() {
      believedFrom = Number.POSITIVE_INFINITY
      renewed.clear()
    },
    found() {
      believedFrom = clock.now() + returnMs
      return { keys: [...replica.keys()].filter(isHeartbeat), at: believedFrom }
    },
    awaitedUntil(key, hash) {
      if (!isHeartbeat(key) || clock.now() >= believedFrom) return null
      const before = replica.hash(key)
      if (hash.size > 0 && (!before || hash.get('seen') !== before.get('seen'))) renewed.add(key)
      return hash.size === 0 && before !== undefined && !renewed.has(key) ? believedFrom : null
    },
  }
}
