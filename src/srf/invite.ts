import { AppError, messageOf } from '../base/errors.js'
import type { Connection } from './connection.js'
import type { FarEnd, IncomingInvite, InviteResult, OutgoingInvite, OutgoingParts, SipDialog, SipHeaders, SipReply } from './contract.js'
import { type CallCredentials, callCredentials, sameCall } from './credentials.js'
import { type DialogTerms, wrapDialog } from './dialog.js'
import type { Drachtio, DrachtioDialog, DrachtioFailure, DrachtioMessage, DrachtioOffered, DrachtioRequest, UacParts } from './drachtio.js'
import { answerEarlyUpdates } from './early-update.js'
import { again, flattenHeaders, headersOf } from './headers.js'
import { linkLost, localAnswer, toIncomingRequest, toReply } from './messages.js'
import { answering, longerOffer, offering, type SessionOffer, termsOfAnswer } from './session.js'

export interface InviteGround {
  readonly drachtio: Drachtio
  readonly connection: Connection
  /** Undefined: no session timers are offered. */
  readonly session: SessionOffer | undefined
}

export function toIncomingInvite({ drachtio, connection, session }: InviteGround, raw: DrachtioRequest): IncomingInvite {
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
  answerEarlyUpdates(raw, 'caller')
  // With the link the SIP server forgets its pending requests: to the call that is the same as a caller who gave up.
  const forget = connection.onLost(() => cancel('SIP server lost'))

  function accept({ sdp, headers }: { readonly sdp: string; readonly headers?: SipHeaders }): Promise<SipDialog> {
    forget()
    return new Promise((resolve, reject) => {
      const fail = (why: string, fault?: unknown): void =>
        reject(new AppError('SIP_SEND_FAILED', `the call was not answered: ${why}`, fault))
      if (cancelled) return fail('the caller has given up')
      // The echo of the 200 is what drachtio-srf waits for, and with the link it is lost.
      const forgetAnswer = connection.onLost(() => fail('SIP server lost'))
      const answer = session && answering(session, request, headers ?? {})
      drachtio.createUAS(raw, raw.res, { localSdp: sdp, headers: headersOf(sdp, answer?.headers ?? headers) }, (fault, dialog) => {
        forgetAnswer()
        if (!fault)
          return resolve(wrapDialog(dialog, connection, { agreed: answer?.terms, credentials, farEnd: directly(farEnd, request) }))
        // A 200 that was refused is none: the caller still waits for a final response.
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
    get answered() {
      return request.answered
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

export interface InviteNeeds extends InviteGround {
  readonly uri: string
  readonly sdp: string | null
  readonly parts: OutgoingParts
}

export function sendInvite({ drachtio, connection, session, uri, sdp, parts }: InviteNeeds): OutgoingInvite {
  const body = parts.body ?? sdp ?? ''
  const credentials = parts.credentials && callCredentials(parts.credentials)
  const onProvisional: ((answer: SipReply) => void)[] = []
  let request: DrachtioRequest | null = null
  let offer = session
  let cancel: { headers: SipHeaders } | null = null

  function sendCancel(): void {
    if (!request || !cancel || !connection.connected) return
    // A refusal means that the final response is already on its way.
    request.cancel({ headers: flattenHeaders(cancel.headers) }, () => undefined)
  }

  function wentOut(out: DrachtioRequest): void {
    request = out
    // drachtio-srf adds a listener of its own right after this, which would answer an offer with our offer.
    queueMicrotask(() => answerEarlyUpdates(out, 'callee'))
    sendCancel()
  }

  function attempt(headers: SipHeaders): Promise<InviteResult> {
    return new Promise((resolve) => {
      if (!connection.connected) return resolve(failed(linkLost))
      const forget = connection.onLost(() => resolve(failed(linkLost)))
      const optional = { noAck: true, ...(parts.via === undefined ? {} : { proxy: parts.via }) } as const
      const progress = {
        cbRequest: (_fault: unknown, out?: DrachtioRequest) => out && wentOut(out),
        cbProvisional(answer: DrachtioMessage) {
          for (const listener of onProvisional) connection.guard('provisional response', () => listener(toReply(answer)))
        },
      }
      const settle = (result: InviteResult): void => {
        forget()
        resolve(result)
      }
      try {
        let sent = false
        const message = withOffer({ headers: headersOf(body, headers), ...optional }, (isFirst) => (isFirst || sent ? sdp : body || null))
        drachtio.createUAC(uri, message, progress, (fault, outcome) => settle(fault ? failed(answerOf(fault)) : taken(outcome)))
        sent = true
      } catch (fault) {
        // A Request-URI that drachtio-srf cannot read, such as a Contact that a phone has made up.
        settle(failed(localAnswer(503, messageOf(fault))))
      }
    })
  }

  async function run(): Promise<InviteResult> {
    let headers = parts.headers ?? {}
    let challenges = credentials?.begin()
    for (let isLonger = false; ; ) {
      const result = await attempt(offer ? offering(offer, headers, parts.credentials !== undefined) : headers)
      if (result.outcome !== 'failed' || !request || cancel) return result
      const longer = isLonger ? null : offer && longerOffer(offer, result.answer)
      const proof = longer ? {} : challenges?.headersFor(result.answer, { method: 'INVITE', uri, body })
      if (!proof) return result
      if (longer) {
        isLonger = true
        // Another interval is another request, which may be challenged again.
        challenges = credentials?.begin()
      }
      offer = longer ?? offer
      headers = again(headers, { ...sameCall(request, 'INVITE'), ...proof })
    }
  }

  function taken(outcome: DrachtioDialog | DrachtioOffered): InviteResult {
    if (cancel) {
      abandon(outcome)
      // It was the far end that responded, so this is not made here.
      return failed({ ...toReply(outcome.res), status: 487, reason: 'Request Terminated' })
    }
    const answer = toReply(outcome.res)
    const agreed = offer && termsOfAnswer(offer, answer)
    const terms = { agreed, credentials, farEnd: directly(parts.farEnd, answer) }
    if (!isDialog(outcome)) return offered(outcome, connection, terms)
    return { outcome: 'answered', dialog: wrapDialog(outcome, connection, terms), answer }
  }

  return {
    result: run(),
    onProvisional: (listener) => void onProvisional.push(listener),
    cancel(headers = {}) {
      if (cancel) return
      cancel = { headers }
      sendCancel()
    },
  }
}

/**
 * drachtio-srf knows one `localSdp`: it asks first whether there is an offer, since an INVITE without one is another procedure, then sends
 * it as the body, and gives it to whoever wants to know later. Here the body may hold more than the offer, or something else.
 */
function withOffer(message: UacParts, offer: (isFirst: boolean) => string | null): UacParts {
  let asked = 0
  return Object.defineProperty(message, 'localSdp', { get: () => offer(++asked === 1) ?? undefined, enumerable: true })
}

// RFC 3261 §9.1: the 200 has crossed our CANCEL, so the call exists and must be ended.
function abandon(outcome: DrachtioDialog | DrachtioOffered): void {
  if (isDialog(outcome)) outcome.destroy({}, () => undefined)
  else outcome.destroy().catch(() => undefined)
}

// Both have `ack` and `destroy`.
function isDialog(outcome: DrachtioDialog | DrachtioOffered): outcome is DrachtioDialog {
  return 'sip' in outcome
}

function offered(outcome: DrachtioOffered, connection: Connection, terms: DialogTerms): InviteResult {
  let abandoned: Promise<void> | null = null
  return {
    outcome: 'offered',
    answer: toReply(outcome.res),
    ack: async (sdp) => wrapDialog(await outcome.ack(sdp), connection, terms),
    abandon() {
      abandoned ??= outcome.destroy()
      return abandoned
    },
  }
}

/** Behind a proxy that has recorded a route, the way to the far end is the business of that proxy. */
function directly(farEnd: FarEnd | null | undefined, message: { header(name: string): string }): FarEnd | null {
  return message.header('Record-Route') === '' ? (farEnd ?? null) : null
}

function failed(answer: SipReply): InviteResult {
  return { outcome: 'failed', answer }
}

function answerOf(fault: DrachtioFailure): SipReply {
  if (fault.res && fault.res.status >= 300) return toReply(fault.res)
  // drachtio-srf makes a 500 of a 2xx without Contact; a refusal of the SIP server has no status at all.
  return localAnswer(fault.status ?? 503, fault.reason ?? fault.message)
}
