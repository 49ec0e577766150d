import { maxDeltaSeconds, parseInteger } from '../../sip/syntax/integer.js'
import type { IncomingRequest, ReferNotifier } from '../../srf/srf.js'

/** The NOTIFYs of one REFER, and the SUBSCRIBEs of the phone that has sent it. */
export interface Reports {
  /** A provisional response of the target. */
  progress(status: number, reason: string): void
  /** The final response; a second one is ignored. Resolves when it has been reported, or cannot be. */
  finish(status: number, reason: string): Promise<void>
  /** Responds to a SUBSCRIBE that refreshes or ends the subscription. */
  onSubscribe(request: IncomingRequest): void
}

export type ReportParts = Parameters<ReferNotifier['notify']>[0]

interface Report {
  readonly status: number
  readonly reason: string
}

/** As long as any phone rings. */
const longestSeconds = 180

/** Sends one NOTIFY after the other, so that none overtakes. Of several that wait, only the last is sent. */
export function createReports(accepted: Promise<ReferNotifier>, event: string): Reports {
  let latest: Report = { status: 100, reason: 'Trying' }
  let isWaiting = false
  let sending: Promise<void> | null = null
  let expiresSeconds = longestSeconds
  /** The reason of the last NOTIFY (RFC 6665 §4.1.3); null before it. */
  let ending: 'noresource' | 'timeout' | null = null
  let isOver = false

  async function sendAll(): Promise<void> {
    // Without a notifier, the phone that sent the REFER is gone.
    const notifier = await accepted.catch(() => null)
    while (isWaiting && notifier && !isOver) {
      isWaiting = false
      const isLast = ending !== null
      const { status } = await notifier.notify(partsOf(latest))
      // RFC 6665 §4.2.2: the phone has no subscription, or does not understand it.
      isOver = status === 481 || status === 489 || isLast
      if (isOver) notifier.end()
    }
    sending = null
  }

  function partsOf({ status, reason }: Report): ReportParts {
    return {
      headers: {
        Event: event,
        'Subscription-State': ending === null ? `active;expires=${expiresSeconds}` : `terminated;reason=${ending}`,
        'Content-Type': 'message/sipfrag;version=2.0',
      },
      body: `SIP/2.0 ${status} ${reason}\r\n`,
    }
  }

  function send(): void {
    isWaiting = true
    sending ??= sendAll()
  }

  function report(status: number, reason: string): Promise<void> {
    if (ending === null) {
      latest = { status, reason }
      if (status >= 200) ending = 'noresource'
      send()
    }
    return sending ?? Promise.resolve()
  }

  send()
  return {
    progress: (status, reason) => void report(status, reason),
    finish: report,
    /** RFC 6665 §4.2.1.2, §4.4.1: a NOTIFY with the state follows every 2xx; it is the last one if the phone unsubscribes. */
    onSubscribe(request) {
      if (isOver || ending !== null) {
        request.respond(481)
        return
      }
      const asked = parseInteger(request.header('Expires'), maxDeltaSeconds) ?? longestSeconds
      if (asked === 0) ending = 'timeout'
      else expiresSeconds = Math.min(asked, longestSeconds)
      request.respond(200, { headers: { Expires: String(asked === 0 ? 0 : expiresSeconds) } })
      send()
    },
  }
}
