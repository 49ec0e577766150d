import type { Clock } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { NodeName } from '../../base/identity.js'
import { fromZero, type Metrics } from '../../base/metrics.js'
import { uses } from '../../dialplan/dialplan.js'
import { keptEvents, type StreamEvent } from '../../hotdesk/hotdesk.js'
import type { Store } from '../../store/store.js'
import type { Call } from '../call.js'
import type { RightsNotice } from '../routing/contract.js'
import { createEventQuota } from './event-quota.js'

/** Reports what the rights of a user refuse, and names that the site does not define. */
export type ReportRights = (call: Call, notice: RightsNotice) => void

export interface RightsReportNeeds {
  readonly store: Pick<Store, 'append'>
  readonly node: NodeName
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'callsBarredTotal'>
}

const minuteMs = 60_000

export function createRightsReport({ store, node, clock, metrics }: RightsReportNeeds): ReportRights {
  const barredEvents = createEventQuota({ events: 10, periodMs: minuteMs, clock })
  const unknownNames = createEventQuota({ events: 1, periodMs: 60 * minuteMs, clock })
  fromZero(
    metrics.callsBarredTotal,
    uses.map((use) => ({ use })),
  )

  function write(call: Call, event: StreamEvent, fields: Readonly<Record<string, string>>): void {
    const device = call.caller.kind === 'device' ? { device: call.caller.device.id } : {}
    store.append('events', { event, ...device, ...fields, site: call.plan.site, node }, keptEvents).catch((fault: unknown) => {
      call.log.debug({ event: 'store.lost', cause: messageOf(fault) }, `the event ${event} was not written`)
    })
  }

  function reportBarred(call: Call, { user, use, number, numberClass, words }: Extract<RightsNotice, { kind: 'barred' }>): void {
    metrics.callsBarredTotal.inc({ use })
    call.log.info({ event: 'call.refused', reason: 'barred', user, use, number, class: numberClass }, words)
    const leftOut = barredEvents.take(user ?? '')
    if (leftOut === null) return
    const more = leftOut > 0 ? { more: String(leftOut) } : {}
    write(call, 'call.barred', { ...(user === null ? {} : { user }), use, number, class: numberClass, reason: words, ...more })
  }

  function reportUnknown(call: Call, { user, name, words }: Extract<RightsNotice, { kind: 'unknown-name' }>): void {
    if (unknownNames.take(`${user} ${name}`) === null) return
    call.log.warn({ event: 'rights.unknown', user, name }, words)
    write(call, 'rights.unknown', { user, name, reason: words })
  }

  return (call, notice) => (notice.kind === 'barred' ? reportBarred(call, notice) : reportUnknown(call, notice))
}
