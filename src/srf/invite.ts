import { errors, messageOf } from '../base/errors.js'
import type { FarEnd, IncomingInvite, InviteResult, OutgoingInvite, OutgoingParts, SipDialog, SipHeaders, SipReply } from './contract.js'
import { type CallCredentials, callCredentials, sameCall } from './credentials.js'
import { type DialogTerms, wrapDialog } from './dialog.js'
import type { Drachtio, DrachtioDialog, DrachtioFailure, DrachtioMessage, DrachtioOffered, DrachtioRequest, UacParts } from './drachtio.js'
import { respondToEarlyUpdates } from './early-update.js'
import { flattenHeaders, headersOf, withReplaced } from './headers.js'
import type { Connection } from './link/connection.js'
import { linkLost, localReply, toIncomingRequest, toReply } from './messages.js'
import { agreedTerms, longerOffer, mostLongerOffers, type SessionOffer, withSessionOffer, withSessionTerms } from './session.js'

export interface InviteContext {
  readonly drachtio: Drachtio
  readonly connection: Connection
  /** Undefined: session timers are not offered. */
  readonly session: SessionOffer | undefined
}

export function toIncomingInvite({ drachtio, connection, session }: InviteContext, raw: DrachtioRequest): IncomingInvite {
  const request = toIncomingRequest(raw)
  const onCancel: ((reason: string) => void)[] = []
  let cancelled: { reason: string } | null = null
  let farEnd: FarEnd | null = null
  let credentials: CallCredentials | undefined

  function cancel(reason: string): void {
    if (cancelled) return
    cancelled = { reason }
    forget()
    for (const listener of onCancel.splice(0)) listener(reason)
  }
  raw.on('cancel', (message: { get(name: string): string | undefined } | undefined) => cancel(message?.get('Reason') ?? ''))
  respondToEarlyUpdates(raw, 'caller')
  // When the link is lost, the SIP server drops its pending requests. For the call this equals a CANCEL.
  const forget = connection.onLost(() => cancel('SIP server lost'))

  function accept({ sdp, headers }: { readonly sdp: string; readonly headers?: SipHeaders }): Promise<SipDialog> {
    forget()
    return new Promise((resolve, reject) => {
      const fail = (why: string, fault?: unknown): void => reject(errors.SIP_SEND_FAILED.unanswered({ reason: why }, fault))
      if (cancelled) return fail('the caller has given up')
      // drachtio-srf waits for the SIP server to confirm the 200, which a lost link never does.
      const forgetResponse = connection.onLost(() => fail('SIP server lost'))
      const agreed = session && withSessionTerms(session, request, headers ?? {})
      drachtio.createUAS(raw, raw.res, { localSdp: sdp, headers: headersOf(sdp, agreed?.headers ?? headers) }, (fault, dialog) => {
        forgetResponse()
        if (!fault)
          return resolve(
            wrapDialog(dialog, connection, {
              began: request.source,
              agreed: agreed?.terms,
              credentials,
              farEnd: directly(farEnd, request),
              description: sdp,
            }),
          )
        // The SIP server has refused the 200, so the caller still waits for a final response.
        raw.res.finished = cancelled !== null
        fail(messageOf(fault), fault)
      })
    })
  }

  return {
    method: request.method,
    uri: request.uri,
    callId: request.callId,
    header: request.header,
    body: request.body,
    source: request.source,
    receivedOn: request.receivedOn,
    get responded() {
      return request.responded
    },
    respond(status, parts) {
      if (cancelled) return
      if (status >= 200) forget()
      request.respond(status, parts)
    },
    get cancelled() {
      return cancelled !== null
    },
    onCancel(listener) {
      if (cancelled) listener(cancelled.reason)
      else onCancel.push(listener)
    },
    accept,
    follow(followed) {
      farEnd = followed
    },
    answerChallenges(account) {
      credentials = callCredentials(account)
    },
  }
}

export interface InviteNeeds extends InviteContext {
  readonly uri: string
  readonly sdp: string | null
  readonly parts: OutgoingParts
}

export function sendInvite({ drachtio, connection, session, uri, sdp, parts }: InviteNeeds): OutgoingInvite {
  const body = parts.body ?? sdp ?? ''
  const credentials = parts.credentials && callCredentials(parts.credentials)
  const onProvisional: ((reply: SipReply) => void)[] = []
  const onSent: ((callId: string) => void)[] = []
  let request: DrachtioRequest | null = null
  let offer = session
  let cancel: { headers: SipHeaders } | null = null

  function sendCancel(): void {
    if (!request || !cancel || !connection.connected) return
    // The SIP server refuses it when the final response is already on its way.
    request.cancel({ headers: flattenHeaders(cancel.headers) }, () => undefined)
  }

  function sent(out: DrachtioRequest): void {
    request = out
    for (const listener of onSent) connection.guard('INVITE sent', () => listener(out.get('Call-ID') ?? ''))
    // Right after this, drachtio-srf adds its own listener, which would answer an offer with our offer.
    queueMicrotask(() => respondToEarlyUpdates(out, 'callee'))
    sendCancel()
  }

  function attempt(headers: SipHeaders): Promise<InviteResult> {
    return new Promise((resolve) => {
      if (!connection.connected) return resolve(failed(linkLost))
      const forget = connection.onLost(() => resolve(failed(linkLost)))
      const optional = { noAck: true, ...(parts.via === undefined ? {} : { proxy: parts.via }) } as const
      const progress = {
        cbRequest: (_fault: unknown, out?: DrachtioRequest) => out && sent(out),
        cbProvisional(response: DrachtioMessage) {
          for (const listener of onProvisional) connection.guard('provisional response', () => listener(toReply(response)))
        },
      }
      const settle = (result: InviteResult): void => {
        forget()
        resolve(result)
      }
      try {
        let isSent = false
        const message = withOffer({ headers: headersOf(body, headers), ...optional }, (isFirst) => (isFirst || isSent ? sdp : body || null))
        drachtio.createUAC(uri, message, progress, (fault, outcome) => settle(fault ? failed(replyOf(fault)) : accepted(outcome)))
        isSent = true
      } catch (fault) {
        // drachtio-srf cannot parse the Request-URI, such as the malformed Contact of a phone.
        settle(failed(localReply(503, messageOf(fault))))
      }
    })
  }

  async function run(): Promise<InviteResult> {
    let headers = parts.headers ?? {}
    let challenges = credentials?.begin()
    for (let longerOffers = 0; ; ) {
      const result = await attempt(offer ? withSessionOffer(offer, headers, parts.credentials ? 'uas' : 'uac') : headers)
      if (result.outcome !== 'failed' || !request || cancel) return result
      const longer = offer && longerOffers < mostLongerOffers ? longerOffer(offer, result.reply) : null
      const proof = longer ? {} : challenges?.headersFor(result.reply, { method: 'INVITE', uri, body })
      if (!proof) return result
      if (longer) {
        longerOffers += 1
        // A request with another interval is a new request, which may be challenged again.
        challenges = credentials?.begin()
      }
      offer = longer ?? offer
      headers = withReplaced(headers, { ...sameCall(request, 'INVITE'), ...proof })
    }
  }

  function accepted(outcome: DrachtioDialog | DrachtioOffered): InviteResult {
    if (cancel) {
      abandon(outcome)
      // Not `madeHere`: the far end has responded.
      return failed({ ...toReply(outcome.res), status: 487, reason: 'Request Terminated' })
    }
    const reply = toReply(outcome.res)
    const agreed = offer && agreedTerms(offer, reply)
    const terms = { began: reply.source ?? null, agreed, credentials, farEnd: directly(parts.farEnd, reply), description: sdp ?? '' }
    if (!isDialog(outcome)) return offered(outcome, connection, terms)
    return { outcome: 'answered', dialog: wrapDialog(outcome, connection, terms), reply }
  }

  return {
    result: run(),
    onSent: (listener) => void onSent.push(listener),
    onProvisional: (listener) => void onProvisional.push(listener),
    cancel(headers = {}) {
      if (cancel) return
      cancel = { headers }
      sendCancel()
    },
  }
}

/**
 * drachtio-srf reads `localSdp` several times: first to see whether the INVITE has an offer, then as the body, and later as the local SDP of
 * the dialog. Our body may contain more than the offer, or something else, so the readings in between get the body.
 */
function withOffer(message: UacParts, offer: (isFirst: boolean) => string | null): UacParts {
  let readings = 0
  return Object.defineProperty(message, 'localSdp', { get: () => offer(++readings === 1) ?? undefined, enumerable: true })
}

// RFC 3261 §9.1: the 200 has crossed our CANCEL, so the dialog exists and must be ended.
function abandon(outcome: DrachtioDialog | DrachtioOffered): void {
  if (isDialog(outcome)) outcome.destroy({}, () => undefined)
  else outcome.destroy().catch(() => undefined)
}

// `ack` and `destroy` exist on both.
function isDialog(outcome: DrachtioDialog | DrachtioOffered): outcome is DrachtioDialog {
  return 'sip' in outcome
}

function offered(outcome: DrachtioOffered, connection: Connection, terms: DialogTerms): InviteResult {
  let abandoned: Promise<void> | null = null
  return {
    outcome: 'offered',
    reply: toReply(outcome.res),
    ack: async (sdp) => wrapDialog(await outcome.ack(sdp), connection, { ...terms, description: sdp }),
    abandon() {
      abandoned ??= outcome.destroy()
      return abandoned
    },
  }
}

/** Null behind a proxy that has recorded a route: the proxy then finds the far end. */
function directly(farEnd: FarEnd | null | undefined, message: { header(name: string): string }): FarEnd | null {
  return message.header('Record-Route') === '' ? (farEnd ?? null) : null
}

function failed(reply: SipReply): InviteResult {
  return { outcome: 'failed', reply }
}

function replyOf(fault: DrachtioFailure): SipReply {
  if (fault.res && fault.res.status >= 300) return toReply(fault.res)
  // drachtio-srf turns a 2xx without Contact into a 500. A refusal by the SIP server has no status.
  return localReply(fault.status ?? 503, fault.reason ?? fault.message)
}
