import { type Clock, every, type Milliseconds, pause } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Store } from '../../store/store.js'
import type { Assignments } from '../assignments.js'
import { tellDeparture } from './departure.js'
import { type AutomaticLogout, type Due, dueBy } from './due.js'
import { mayBeOurs } from './turns.js'

export interface AutomaticLogoutNeeds {
  readonly store: Store
  readonly assignments: Assignments
  readonly isQuiet: (device: DeviceId) => boolean
  readonly node: NodeName
  readonly automaticLogout: AutomaticLogout
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
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
  const { store, assignments, isQuiet, node, automaticLogout, clock, log } = needs
  const { replica } = store
  const dueOf = dueBy(automaticLogout)

  function overdue(device: DeviceId): { readonly since: string; readonly lastCall: string; readonly due: Due } | null {
    const record = replica.hash(`device:${device}`)
    if (record?.get('site') !== automaticLogout.site || record.get('state') !== 'active') return null
    const [since, lastCall] = [record.get('since') ?? '', record.get('lastCall') ?? '-']
    const began = toMs(since)
    const due = began === null ? null : dueOf({ since: began, lastCall: toMs(lastCall) })
    return due && due.at <= clock.now() ? { since, lastCall, due } : null
  }

  async function round(): Promise<void> {
    if (store.state === 'lost') return
    const devices = Array.from(assignments.all(), ([device]) => device)
    for (const [index, device] of devices.entries()) {
      if (index % sliceSize === sliceSize - 1) await pause(clock, 0)
      const stay = overdue(device)
      if (!stay || isQuiet(device) || !mayBeOurs(device, { replica, node })) continue
      const { at, reason } = stay.due
      const reply = await store.call('hotdesk_expire', device, node, reason, stay.since, stay.lastCall, String(Math.floor(at / 1_000)))
      tellDeparture({ device, via: 'automatic', reason, reply }, needs)
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
