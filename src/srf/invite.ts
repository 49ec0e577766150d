import { AppError, messageOf } from '../base/errors.js'
import type { Connection } from './connection.js'
import type { IncomingInvite, InviteResult, OutgoingInvite, OutgoingParts, SipAnswer, SipDialog, SipHeaders } from './contract.js'
import { wrapDialog } from './dialog.js'
import type { Drachtio, DrachtioDialog, DrachtioFailure, DrachtioOffered, DrachtioRequest } from './drachtio.js'
import { flattenHeaders } from './headers.js'
import { localAnswer, toAnswer, toIncomingRequest } from './messages.js'

export function toIncomingInvite(drachtio: Drachtio, connection: Connection, raw: DrachtioRequest): IncomingInvite {
  const request = toIncomingRequest(raw)
  const onCancel: ((reason: string) => void)[] = []
  let cancelled: { reason: string } | null = null

  function cancel(reason: string): void {
    if (cancelled) return
    cancelled = { reason }
    for (const listener of onCancel.splice(0)) listener(reason)
  }
  raw.on('cancel', (message: { get(name: string): string | undefined } | undefined) => cancel(message?.get('Reason') ?? ''))
  // With the link the SIP server forgets its pending requests: to the call that is the same as a caller who gave up.
  const forget = connection.onLost(() => cancel('SIP server lost'))

  function accept({ sdp, headers }: { readonly sdp: string; readonly headers?: SipHeaders }): Promise<SipDialog> {
    forget()
    return new Promise((resolve, reject) => {
      if (cancelled) return reject(new AppError('SIP_SEND_FAILED', 'the caller has given up'))
      drachtio.createUAS(raw, raw.res, { localSdp: sdp, headers: flattenHeaders(headers) }, (fault, dialog) => {
        if (fault) reject(new AppError('SIP_SEND_FAILED', `the call was not answered: ${messageOf(fault)}`, fault))
        else resolve(wrapDialog(dialog, connection))
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
  }
}

export function sendInvite(
  drachtio: Drachtio,
  connection: Connection,
  uri: string,
  sdp: string | null,
  parts: OutgoingParts,
): OutgoingInvite {
  const onProvisional: ((answer: SipAnswer) => void)[] = []
  let request: DrachtioRequest | null = null
  let cancel: { headers: SipHeaders } | null = null
  let tellSent: (sent: { callId: string }) => void = () => undefined
  const sent = new Promise<{ callId: string }>((resolve) => {
    tellSent = resolve
  })

  function sendCancel(): void {
    // A refusal means that the final response is already on its way.
    if (request && cancel) request.cancel({ headers: flattenHeaders(cancel.headers) }, () => undefined)
  }

  const result = new Promise<InviteResult>((resolve) => {
    if (!connection.connected) return resolve(failed(localAnswer(503, 'SIP Server Lost')))
    const forget = connection.onLost(() => resolve(failed(localAnswer(503, 'SIP Server Lost'))))
    drachtio.createUAC(
      uri,
      {
        headers: flattenHeaders(parts.headers),
        noAck: true,
        ...(sdp === null ? {} : { localSdp: sdp }),
        ...(parts.via === undefined ? {} : { proxy: parts.via }),
        ...(parts.credentials ? { auth: parts.credentials } : {}),
      },
      {
        cbRequest(_fault, out) {
          if (!out) return
          request = out
          out.on('authenticate', (retried: DrachtioRequest) => {
            request = retried
          })
          tellSent({ callId: out.get('Call-ID') ?? '' })
          sendCancel()
        },
        cbProvisional(answer) {
          for (const listener of onProvisional) connection.guard('provisional response', () => listener(toAnswer(answer)))
        },
      },
      (fault, outcome) => {
        forget()
        resolve(fault ? failed(answerOf(fault)) : taken(outcome))
      },
    )
  })

  function taken(outcome: DrachtioDialog | DrachtioOffered): InviteResult {
    if (cancel) {
      abandon(outcome)
      return failed(localAnswer(487, 'Request Terminated'))
    }
    if ('ack' in outcome) return offered(outcome, connection)
    return { outcome: 'answered', dialog: wrapDialog(outcome, connection), answer: toAnswer(outcome.res) }
  }

  return {
    sent,
    result,
    onProvisional: (listener) => void onProvisional.push(listener),
    cancel(headers = {}) {
      if (cancel) return
      cancel = { headers }
      sendCancel()
    },
  }
}

// RFC 3261 §9.1: the 200 has crossed our CANCEL, so the call exists and must be ended.
function abandon(outcome: DrachtioDialog | DrachtioOffered): void {
  if ('ack' in outcome) outcome.destroy().catch(() => undefined)
  else outcome.destroy({}, () => undefined)
}

function offered(outcome: DrachtioOffered, connection: Connection): InviteResult {
  return {
    outcome: 'offered',
    answer: toAnswer(outcome.res),
    ack: async (sdp) => wrapDialog(await outcome.ack(sdp), connection),
    abandon: () => outcome.destroy(),
  }
}

function failed(answer: SipAnswer): InviteResult {
  return { outcome: 'failed', answer }
}

function answerOf(fault: DrachtioFailure): SipAnswer {
  if (fault.res && fault.res.status >= 300) return toAnswer(fault.res)
  // drachtio-srf makes a 500 of a 2xx without Contact; a refusal of the SIP server has no status at all.
  return localAnswer(fault.status ?? 503, fault.reason ?? fault.message)
}
