import { type Clock, every, type Milliseconds, pause } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { DeviceId, Extension, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Store } from '../../store/store.js'
import type { Assignments } from '../assignments.js'
import type { Due, LogoutRule } from './logout-due.js'
import { readForcedLogout, reportForcedLogout } from './logout-replies.js'
import { mayOwn } from './ownership.js'

export interface AutomaticLogoutNeeds {
  readonly store: Store
  readonly assignments: Assignments
  readonly isQuiet: (device: DeviceId) => boolean
  readonly node: NodeName
  readonly rules: readonly LogoutRule[]
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

interface Overdue {
  /** As written in the record. */
  readonly since: string
  readonly lastCall: string
  readonly due: readonly Due[]
}

const roundMs: Milliseconds = 5_000
/** Phones in one slice; between two slices, the node does other work. */
const sliceSize = 1_000

/**
 * Logs out users whose time is over. No state is kept: the end of each login follows from the phone's record, so a restarted node, or one
 * that takes over, knows the same. A logout that is blocked now (by a call or the quiet time) is due again in the next round.
 */
export function createAutomaticLogout(needs: AutomaticLogoutNeeds): { close(): void } {
  const { store, assignments, isQuiet, node, rules, clock, log } = needs
  const { replica } = store

  /** The logouts that are overdue by the phone's record. */
  function overdue(device: DeviceId, extension: Extension, inForce: readonly LogoutRule[]): Overdue | null {
    const record = replica.hash(`device:${device}`)
    if (record?.get('state') !== 'active') return null
    const [since, lastCall] = [record.get('since') ?? '', record.get('lastCall') ?? '-']
    const began = toMs(since)
    if (began === null) return null
    const login = { extension, site: record.get('site') ?? '', since: began, lastCall: toMs(lastCall) }
    const due = inForce.flatMap((rule) => rule.dueOf(login)).filter(({ at }) => at <= store.clock.now())
    return due.length > 0 ? { since, lastCall, due: due.sort((one, other) => one.at - other.at) } : null
  }

  /** If the phone is BUSY for one reason, the next reason may still apply: a phone in a call is not idle, but its maximum time may be over. */
  async function expire(device: DeviceId, { since, lastCall, due }: Overdue): Promise<void> {
    for (const { at, reason, home } of due) {
      const moments = [at, ...(home === undefined ? [] : [home])].map((ms) => String(Math.floor(ms / 1_000)))
      const reply = await store.call('hotdesk_expire', device, node, reason, since, lastCall, ...moments)
      reportForcedLogout({ device, via: 'automatic', reason, reply }, needs)
      if (readForcedLogout(reply) !== 'BUSY') return
    }
  }

  async function round(): Promise<void> {
    const inForce = rules.filter(({ isInForce }) => isInForce)
    if (store.state === 'lost' || inForce.length === 0) return
    for (const [index, [device, extension]] of [...assignments.all()].entries()) {
      if (index % sliceSize === sliceSize - 1) await pause(clock, 0)
      const found = overdue(device, extension, inForce)
      if (found && !isQuiet(device) && mayOwn(device, { replica, node })) await expire(device, found)
    }
  }

  const rounds = every(clock, roundMs, round, (fault) => {
    if (isAppError(fault, 'STORE_UNAVAILABLE')) return
    log.error({ event: 'node.fault', err: fault }, 'automatic logout failed; it continues in the next round')
  })
  return { close: () => rounds.cancel() }
}

function toMs(seconds: string): Milliseconds | null {
  return /^[0-9]+$/.test(seconds) ? Number(seconds) * 1_000 : null
}
