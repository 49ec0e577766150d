import type { Clock } from '../../base/clock.js'
import { messageOf } from '../../base/errors.js'
import type { NodeName } from '../../base/identity.js'
import { fromZero, type Metrics } from '../../base/metrics.js'
import { limitNames, uses } from '../../dialplan/dialplan.js'
import { keptEvents, type StreamEvent } from '../../hotdesk/hotdesk.js'
import type { Store } from '../../store/store.js'
import type { Call } from '../call.js'
import type { RightsNotice } from '../routing/contract.js'
import { createEventQuota } from './event-quota.js'

/** Reports what rights and limits refuse, calls that cost much, and names that the site does not define. */
export type ReportNotice = (call: Call, notice: RightsNotice) => void

export interface NoticeReportNeeds {
  readonly store: Pick<Store, 'append'>
  readonly node: NodeName
  readonly clock: Clock
  readonly networkClock: Pick<Clock, 'now'>
  readonly metrics: Pick<Metrics, 'callsBarredTotal' | 'callsLimitedTotal'>
}

type NoticeOf<Kind extends RightsNotice['kind']> = Extract<RightsNotice, { readonly kind: Kind }>

const minuteMs = 60_000

/** A user is not blamed for a test call that an operator makes as the user: `call.testing` has who made the call. */
function doneBy({ id, caller }: Call, user: string | null): Readonly<Record<string, string | null>> {
  const isTest = caller.kind === 'own' && caller.purpose === 'test call'
  return isTest ? { via: 'test-call', call: id, as: user } : { user }
}

export function createNoticeReport({ store, node, clock, networkClock, metrics }: NoticeReportNeeds): ReportNotice {
  const callEvents = createEventQuota({ events: 10, periodMs: minuteMs, clock })
  const unknownNames = createEventQuota({ events: 1, periodMs: 60 * minuteMs, clock })
  fromZero(
    metrics.callsBarredTotal,
    uses.map((use) => ({ use })),
  )
  fromZero(
    metrics.callsLimitedTotal,
    limitNames.map((limit) => ({ limit })),
  )

  function write(call: Call, event: StreamEvent, fields: Readonly<Record<string, string>>): void {
    const dialler = call.transfer?.by ?? (call.caller.kind === 'device' ? call.caller : null)
    const device = dialler ? { device: dialler.device.id } : {}
    store.append('events', { event, ...device, ...fields, site: call.plan.site, node }, keptEvents).catch((fault: unknown) => {
      call.log.debug({ event: 'store.lost', cause: messageOf(fault) }, `the event ${event} was not written`)
    })
  }

  function writeSome(
    call: Call,
    event: StreamEvent,
    { user, ...fields }: { user: string | null } & Readonly<Record<string, string | null>>,
  ) {
    const leftOut = callEvents.take(`${event} ${user}`)
    if (leftOut === null) return
    const all = Object.entries({ ...doneBy(call, user), ...fields, more: leftOut > 0 ? String(leftOut) : null })
    write(call, event, Object.fromEntries(all.flatMap(([name, text]) => (text === null ? [] : [[name, text] as const]))))
  }

  const reports: { readonly [Kind in RightsNotice['kind']]: (call: Call, notice: NoticeOf<Kind>) => void } = {
    barred(call, { user, use, number, numberClass, words }) {
      metrics.callsBarredTotal.inc({ use })
      call.log.info({ event: 'call.refused', reason: 'barred', user, use, number, class: numberClass }, words)
      writeSome(call, 'call.barred', { user, use, number, class: numberClass, reason: words })
    },
    limited(call, { user, subject, limit, number, words }) {
      metrics.callsLimitedTotal.inc({ limit })
      call.log.warn({ event: 'call.refused', reason: 'over-limit', user, subject, limit, number }, words)
      writeSome(call, 'call.limited', { user, limit, number, reason: words })
    },
    costly(call, { user, use, number, numberClass }) {
      writeSome(call, 'call.costly', { user, use, number, class: numberClass, local: call.plan.rights.localAt(networkClock.now()) })
    },
    'not-entitled'(call, { user, entitlement, words }) {
      call.log.info({ event: 'call.refused', reason: 'not-entitled', user, entitlement }, words)
      writeSome(call, 'entitlement.refused', { user, entitlement, reason: words })
    },
    'unknown-profile'(call, { user, name, words }) {
      if (unknownNames.take(`${user} profile ${name}`) === null) return
      call.log.warn({ event: 'profile.unknown', user, name }, words)
      write(call, 'profile.unknown', { user, profile: name, reason: words })
    },
    'unknown-name'(call, { user, name, words }) {
      if (unknownNames.take(`${user} ${name}`) === null) return
      call.log.warn({ event: 'rights.unknown', user, name }, words)
      write(call, 'rights.unknown', { user, name, reason: words })
    },
  }

  return (call, notice) => (reports[notice.kind] as ReportNotice)(call, notice)
}
