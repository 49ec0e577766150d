import type { FarEnd, IncomingRefer, IncomingRequest, ReferNotifier, SipDialog } from '../../srf/srf.js'

/** The subscription that a REFER creates: it reports how the transfer goes (RFC 3515 §2.4.4). */
export interface ReferSubscription {
  /** A provisional response of the target. */
  progress(status: number, reason: string): void
  /** The final response; a second one is ignored. Resolves when it has been reported, or cannot be. */
  finish(status: number, reason: string): Promise<void>
}

/** As long as any phone rings. */
const expiresSeconds = 180

interface Report {
  readonly status: number
  readonly reason: string
}

/** Accepts a REFER. After `earlier` others in this dialog, its NOTIFYs carry its CSeq as `id` (RFC 3515 §2.4.6). */
export function acceptRefer(request: IncomingRequest, dialog: SipDialog, earlier: number): ReferSubscription {
  if (!wantsReports(request)) return silent(request)
  request.respond(202)
  const cseq = /^\s*([0-9]+)/.exec(request.header('CSeq'))?.[1] ?? ''
  const notifier = { notify: (parts: ReportParts) => dialog.request('NOTIFY', parts), end: () => undefined }
  return createReports(Promise.resolve(notifier), earlier === 0 || cseq === '' ? 'refer' : `refer;id=${cseq}`)
}

/** Accepts a REFER outside a dialog: its NOTIFYs go to `farEnd`, in a dialog of their own. */
export function acceptOutsideRefer(refer: IncomingRefer, farEnd: FarEnd | null): ReferSubscription {
  return wantsReports(refer) ? createReports(refer.accept(farEnd), 'refer') : silent(refer)
}

function wantsReports({ header }: IncomingRequest): boolean {
  return !/^\s*false\b/i.test(header('Refer-Sub'))
}

/** RFC 4488 §4: the phone wants no subscription. */
function silent(request: IncomingRequest): ReferSubscription {
  request.respond(202, { headers: { 'Refer-Sub': 'false', Supported: 'norefersub' } })
  return { progress: () => undefined, finish: () => Promise.resolve() }
}

type ReportParts = Parameters<ReferNotifier['notify']>[0]

/** Sends one NOTIFY after the other, so that none overtakes. Of several that wait, only the last is sent. */
function createReports(accepted: Promise<ReferNotifier>, event: string): ReferSubscription {
  let waiting: Report | null = null
  let sending: Promise<void> | null = null
  let isOver = false
  let isFinal = false

  async function sendAll(): Promise<void> {
    // Without a notifier, the phone that sent the REFER is gone.
    const notifier = await accepted.catch(() => null)
    for (let report = waiting; report !== null && notifier && !isOver; report = waiting) {
      waiting = null
      const { status } = await notifier.notify(partsOf(report))
      // RFC 6665 §4.2.2: the phone has no subscription, or does not understand it.
      isOver = status === 481 || status === 489 || report.status >= 200
      if (isOver) notifier.end()
    }
    sending = null
  }

  function partsOf({ status, reason }: Report): ReportParts {
    return {
      headers: {
        Event: event,
        'Subscription-State': status < 200 ? `active;expires=${expiresSeconds}` : 'terminated;reason=noresource',
        'Content-Type': 'message/sipfrag;version=2.0',
      },
      body: `SIP/2.0 ${status} ${reason}\r\n`,
    }
  }

  function report(status: number, reason: string): Promise<void> {
    if (!isFinal) {
      isFinal = status >= 200
      waiting = { status, reason }
      sending ??= sendAll()
    }
    return sending ?? Promise.resolve()
  }

  void report(100, 'Trying')
  return { progress: (status, reason) => void report(status, reason), finish: report }
}
