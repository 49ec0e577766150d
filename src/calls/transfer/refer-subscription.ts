import type { FarEnd, IncomingRefer, IncomingRequest, SipDialog } from '../../srf/srf.js'
import { createReports, type ReportParts, type Reports } from './reports.js'

/** The subscription that a REFER creates: it reports how the transfer goes (RFC 3515 §2.4.4). */
export type ReferSubscription = Omit<Reports, 'onSubscribe'>

/** The subscriptions of REFERs in the dialogs of calls. */
export interface DialogSubscriptions {
  /** Accepts a REFER. If it is not the first in its dialog, its NOTIFYs carry its CSeq as `id` (RFC 3515 §2.4.6). */
  accept(refer: IncomingRequest, dialog: SipDialog): ReferSubscription
  /** Responds to a SUBSCRIBE with `Event: refer`. */
  onSubscribe(request: IncomingRequest, dialog: SipDialog): void
}

interface Subscriptions {
  /** The CSeq number of the first REFER. */
  readonly first: string
  readonly reports: Map<string, Reports>
}

export function createDialogSubscriptions(): DialogSubscriptions {
  const byDialog = new WeakMap<SipDialog, Subscriptions>()
  return {
    accept(refer, dialog) {
      const id = idOf(refer)
      const earlier = byDialog.get(dialog)
      const { reports } = earlier ?? begin(dialog, id)
      if (!wantsReports(refer)) return silent(refer)
      refer.respond(202)
      const notifier = { notify: (parts: ReportParts) => dialog.request('NOTIFY', parts), end: () => reports.delete(id) }
      const created = createReports(Promise.resolve(notifier), !earlier || id === '' ? 'refer' : `refer;id=${id}`)
      reports.set(id, created)
      return created
    },
    onSubscribe(request, dialog) {
      const { first = '', reports } = byDialog.get(dialog) ?? {}
      const found = reports?.get(namedId(request.header('Event')) ?? first)
      if (found) found.onSubscribe(request)
      else request.respond(481)
    },
  }

  function begin(dialog: SipDialog, first: string): Subscriptions {
    const begun = { first, reports: new Map<string, Reports>() }
    byDialog.set(dialog, begun)
    return begun
  }
}

/**
 * Accepts a REFER outside a dialog: its NOTIFYs go to `farEnd`, in a dialog of their own. `proves`: whether a request in this dialog comes from
 * the phone. If not, it has been challenged or refused.
 */
export function acceptOutsideRefer(
  refer: IncomingRefer,
  farEnd: FarEnd | null,
  proves: (request: IncomingRequest) => boolean,
): ReferSubscription {
  if (!wantsReports(refer)) return silent(refer)
  const id = idOf(refer)
  const reports = createReports(
    refer.accept(farEnd, (request) => {
      if (!proves(request)) return
      const event = request.header('Event')
      if (!isReferEvent(event)) request.respond(489)
      else if ((namedId(event) ?? id) === id) reports.onSubscribe(request)
      else request.respond(481)
    }),
    'refer',
  )
  return reports
}

function isReferEvent(event: string): boolean {
  return /^\s*refer\s*(;|$)/i.test(event)
}

/** The `id` of an Event header. */
function namedId(event: string): string | undefined {
  return /;\s*id\s*=\s*([^;\s]+)/i.exec(event)?.[1]
}

function idOf({ header }: IncomingRequest): string {
  return /^\s*([0-9]+)/.exec(header('CSeq'))?.[1] ?? ''
}

function wantsReports({ header }: IncomingRequest): boolean {
  return !/^\s*false\b/i.test(header('Refer-Sub'))
}

/** RFC 4488 §4: the phone wants no subscription. */
function silent(request: IncomingRequest): ReferSubscription {
  request.respond(202, { headers: { 'Refer-Sub': 'false', Supported: 'norefersub' } })
  return { progress: () => undefined, finish: () => Promise.resolve() }
}
