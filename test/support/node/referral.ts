import type { PhoneCall } from '../../../src/softphones/softphone.js'
import type { IncomingRequest, SipHeaders, SipReply } from '../../../src/srf/srf.js'

/** A transfer as the phone that asks for it sees it. */
export interface Referral {
  /** The response to the REFER. */
  readonly response: SipReply
  /** The status lines of the NOTIFYs so far. */
  readonly reports: readonly string[]
  /** Resolves with the last NOTIFY. */
  readonly final: Promise<FinalReport>
}

interface FinalReport {
  readonly statusLine: string
  readonly event: string
}

/** Sends REFER in a call, and takes its NOTIFYs. */
export async function refer(call: PhoneCall, to: string, headers: SipHeaders = {}): Promise<Referral> {
  const reports: string[] = []
  const final = new Promise<FinalReport>((resolve) => {
    call.dialog.onRequest((request) => {
      if (request.method !== 'NOTIFY') {
        respond(call, request)
        return
      }
      request.respond(200)
      const statusLine = request.body.trim()
      reports.push(statusLine)
      if (request.header('Subscription-State').startsWith('terminated')) resolve({ statusLine, event: request.header('Event') })
    })
  })
  const response = await call.dialog.request('REFER', { headers: { 'Refer-To': to, ...headers } })
  return { response, reports, final }
}

/** As the phone does without a transfer. */
function respond({ audio }: PhoneCall, request: IncomingRequest): void {
  if (request.method !== 'INVITE') request.respond(200)
  else {
    const body = request.body === '' ? audio.reoffer() : audio.reanswer(request.body)
    request.respond(body === null ? 488 : 200, body === null ? {} : { headers: { 'Content-Type': 'application/sdp' }, body })
  }
}

/** The Refer-To of an attended transfer: the far end of `other`, in place of this phone (RFC 5589 §7). */
export function replacing({ dialog }: PhoneCall, uri: string): string {
  const { callId, localTag, remoteTag } = dialog
  const replaces = `${callId};to-tag=${remoteTag};from-tag=${localTag}`
  return `<${uri}?Replaces=${encodeURIComponent(replaces)}>`
}
