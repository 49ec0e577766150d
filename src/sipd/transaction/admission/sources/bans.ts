import type { Clock, Milliseconds } from '../../../../base/clock.js'
import { createBoundedMap } from '../../../bounded-map.js'
import { type Flow, flowKey, sourceOf } from '../../../transport/flow.js'

export interface BanLimits {
  readonly banMs: Milliseconds
  /** This many failures within `failureMs` lead to a ban. */
  readonly failures: number
  readonly failureMs: Milliseconds
  /** Minimum duration of the failures: an office behind one address whose phones start at the same time fails for a moment. */
  readonly graceMs: Milliseconds
}

/** A ban covers only the flow if proven phones share the address, else the whole address. */
export type BanScope = 'flow' | 'address'

/** Sources whose requests are dropped. Only validated addresses may be added, so that forged ones cannot fill the tables. */
export interface Bans {
  isBanned(flow: Flow): boolean
  /** Counts a wrong password or malformed message. True if it led to a ban. */
  fail(flow: Flow, reach: BanScope): boolean
  ban(flow: Flow, reach: BanScope): void
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
  const keyOf = (flow: Flow, reach: BanScope): string => (reach === 'flow' ? flowKey(flow) : sourceOf(flow.remote.address))

  function isOn(key: string): boolean {
    const until = banned.get(key)
    if (until === undefined) return false
    if (until > clock.now()) return true
    banned.delete(key)
    return false
  }

  function ban(flow: Flow, reach: BanScope): void {
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
