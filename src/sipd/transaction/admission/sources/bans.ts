import type { Clock, Milliseconds } from '../../../../base/clock.js'
import { type Flow, flowKey, sourceOf } from '../../../transport/flow.js'
import { createBoundedMap } from '../bounded-map.js'

export interface BanLimits {
  readonly banMs: Milliseconds
  /** Failures within `failureMs` that are too many. */
  readonly failures: number
  readonly failureMs: Milliseconds
  /** How long it must have failed at least: an office that starts at once behind one address fails for a moment. */
  readonly graceMs: Milliseconds
}

/** Only the flow where others behind the same address have proved themselves, else the whole address. */
export type Reach = 'flow' | 'address'

/** Sources whose requests are dropped. The caller has seen proof that the source is real: these tables cannot be filled by forging. */
export interface Bans {
  isBanned(flow: Flow): boolean
  /** A wrong password, or a message that makes no sense. True if it was one too many. */
  fail(flow: Flow, reach: Reach): boolean
  ban(flow: Flow, reach: Reach): void
  readonly bans: number
  readonly failing: number
}

interface Failures {
  count: number
  readonly since: Milliseconds
}

export function createBans(clock: Clock, limits: BanLimits, most: number): Bans {
  const banned = createBoundedMap<Milliseconds>(most)
  const failing = createBoundedMap<Failures>(most)
  const keyOf = (flow: Flow, reach: Reach): string => (reach === 'flow' ? flowKey(flow) : sourceOf(flow.remote.address))

  function isOn(key: string): boolean {
    const until = banned.get(key)
    if (until === undefined) return false
    if (until > clock.now()) return true
    banned.delete(key)
    return false
  }

  function ban(flow: Flow, reach: Reach): void {
    const key = keyOf(flow, reach)
    banned.set(key, clock.now() + limits.banMs)
    failing.delete(key)
  }

  return {
    isBanned: (flow) => banned.size > 0 && (isOn(keyOf(flow, 'address')) || isOn(keyOf(flow, 'flow'))),
    fail(flow, reach) {
      const key = keyOf(flow, reach)
      const known = failing.get(key)
      const failures = known && clock.now() - known.since < limits.failureMs ? known : { count: 0, since: clock.now() }
      failures.count += 1
      failing.set(key, failures)
      if (failures.count < limits.failures || clock.now() - failures.since < limits.graceMs) return false
      ban(flow, reach)
      return true
    },
    ban,
    get bans() {
      return banned.size
    },
    get failing() {
      return failing.size
    },
  }
}
