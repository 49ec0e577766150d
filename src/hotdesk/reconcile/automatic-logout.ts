import { type Clock, every, type Milliseconds, pause } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { DeviceId, Extension, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Store } from '../../store/store.js'
import type { Assignments } from '../assignments.js'
import type { Due, LogoutRule } from './logout-due.js'
import { readDeparture, tellDeparture } from './logout-replies.js'
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
  /** As the record has them. */
  readonly since: string
  readonly lastCall: string
  readonly due: readonly Due[]
}

const roundMs: Milliseconds = 5_000
/** Phones looked at in one go; between two, the node does its other work. */
const sliceSize = 1_000

/**
 * Logs out whoever has stayed too long. Nothing is remembered here: when each login ends follows from the phone's record, so that a
 * node that was restarted, or one that takes over, knows the same. What is held off now (a call, the quiet time) is due at the next
 * round again.
 */
export function createAutomaticLogout(needs: AutomaticLogoutNeeds): { close(): void } {
  const { store, assignments, isQuiet, node, rules, clock, log } = needs
  const { replica } = store

  /** What is overdue at this phone, by what its record says. */
  function overdue(device: DeviceId, extension: Extension, inForce: readonly LogoutRule[]): Overdue | null {
    const record = replica.hash(`device:${device}`)
    if (record?.get('state') !== 'active') return null
    const [since, lastCall] = [record.get('since') ?? '', record.get('lastCall') ?? '-']
    const began = toMs(since)
    if (began === null) return null
    const sitting = { extension, site: record.get('site') ?? '', since: began, lastCall: toMs(lastCall) }
    const due = inForce.flatMap((rule) => rule.dueOf(sitting)).filter(({ at }) => at <= store.clock.now())
    return due.length > 0 ? { since, lastCall, due: due.sort((one, other) => one.at - other.at) } : null
  }

  /** A phone in a call is not idle, but may have been somebody's for too long. */
  async function expire(device: DeviceId, { since, lastCall, due }: Overdue): Promise<void> {
    for (const { at, reason, home } of due) {
      const moments = [at, ...(home === undefined ? [] : [home])].map((ms) => String(Math.floor(ms / 1_000)))
      const reply = await store.call('hotdesk_expire', device, node, reason, since, lastCall, ...moments)
      tellDeparture({ device, via: 'automatic', reason, reply }, needs)
      if (readDeparture(reply) !== 'BUSY') return
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
    log.error({ event: 'node.fault', err: fault }, 'automatic logout stumbled; it goes on with the next round')
  })
  return { close: () => rounds.cancel() }
}

function toMs(seconds: string): Milliseconds | null {
  return /^[0-9]+$/.test(seconds) ? Number(seconds) * 1_000 : null
}
