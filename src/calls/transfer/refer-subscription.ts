import type { IncomingRequest, SipDialog, SipHeaders } from '../../srf/srf.js'

/** The subscription that a REFER creates: it reports how the transfer goes (RFC 3515 §2.4.4). */
export interface ReferSubscription {
  /** A provisional response of the target. */
  progress(status: number, reason: string): void
  /** The final response. Resolves when it has been reported, or cannot be. */
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
  // RFC 4488 §4: the phone does not want to know.
  if (/^\s*false\b/i.test(request.header('Refer-Sub'))) {
    request.respond(202, { headers: { 'Refer-Sub': 'false', Supported: 'norefersub' } })
    return { progress: () => undefined, finish: () => Promise.resolve() }
  }
  request.respond(202)
  const cseq = /^\s*([0-9]+)/.exec(request.header('CSeq'))?.[1] ?? ''
  return createReports(dialog, earlier === 0 || cseq === '' ? 'refer' : `refer;id=${cseq}`)
}

/** Sends one NOTIFY after the other, so that none overtakes. Of several that wait, only the last is sent. */
function createReports(dialog: SipDialog, event: string): ReferSubscription {
  let waiting: Report | null = null
  let sending: Promise<void> | null = null
  let isOver = false

  async function sendAll(): Promise<void> {
    for (let report = waiting; report !== null && !isOver; report = waiting) {
      waiting = null
      const reply = await notify(report)
      // RFC 6665 §4.2.2: the phone has no subscription, or does not understand it.
      if (reply.status === 481 || reply.status === 489 || report.status >= 200) isOver = true
    }
    sending = null
  }

  function notify({ status, reason }: Report) {
    const headers: SipHeaders = {
      Event: event,
      'Subscription-State': status < 200 ? `active;expires=${expiresSeconds}` : 'terminated;reason=noresource',
      'Content-Type': 'message/sipfrag;version=2.0',
    }
    return dialog.request('NOTIFY', { headers, body: `SIP/2.0 ${status} ${reason}\r\n` })
  }

  function report(status: number, reason: string): Promise<void> {
    waiting = { status, reason }
    sending ??= sendAll()
    return sending
  }

  void report(100, 'Trying')
  return { progress: (status, reason) => void report(status, reason), finish: report }
}
