import { keyBodies } from '../../media/key.js'
import { dialogOptions, type IncomingRequest, type ReinviteAnswer, type SipAnswer, type SipDialog, type SipHeaders } from '../../srf/srf.js'
import type { Caller } from '../inbound/caller.js'
import { ourReason } from '../reason-header.js'
import { sessionDescription } from './session-description.js'

/** Who ended the call, and with which Reason header. `server`: our SIP server, because one side was gone. */
export interface BridgeEnd {
  readonly by: 'caller' | 'callee' | 'us' | 'server'
  readonly reason: string
}

export interface Bridge {
  /** Once. */
  onEnd(listener: (end: BridgeEnd) => void): void
  /** BYE to both; `text` goes into the Reason header. */
  hangUp(text: string): void
}

/** Four bytes of RFC 4733 would not survive: the application sees bodies as text. */
const keyTexts = keyBodies.filter((type) => type !== 'audio/telephone-event')

/** Requests that are passed from one leg to the other, and the types of the bodies that pass with them. Phones obey some others. */
type Passage = Readonly<Record<string, readonly string[]>>

const passed: Passage = {
  UPDATE: ['application/sdp'],
  INFO: [...keyTexts, 'application/media_control+xml'],
  MESSAGE: ['text/plain', 'application/im-iscomposing+xml'],
}

/** A caller without proof reaches the emergency centre with what the call needs and nothing else. */
const passedFromUnproven: Passage = { UPDATE: passed.UPDATE ?? [], INFO: keyTexts }

/** What other requests in the dialog get; a REFER must not reach the dial codes. */
const answeredHere: Readonly<Record<string, number>> = { REFER: 603, SUBSCRIBE: 489, NOTIFY: 489 }

/** Joins the two dialogs of a call: what one side sends in its dialog, the other receives in its own (RFC 7092 §3.1). */
export function bridge(caller: SipDialog, callee: SipDialog, kind: Caller['kind']): Bridge {
  const listeners: ((end: BridgeEnd) => void)[] = []
  let ended: BridgeEnd | null = null

  function end(by: BridgeEnd['by'], reason: string): void {
    if (ended) return
    ended = { by, reason }
    const headers: SipHeaders = reason === '' ? {} : { Reason: reason }
    for (const dialog of [caller, callee]) if (!dialog.ended) void dialog.bye(headers)
    for (const listener of listeners) listener(ended)
  }

  function join(from: SipDialog, to: SipDialog, by: 'caller' | 'callee'): void {
    const passage = by === 'caller' && kind === 'unknown' ? passedFromUnproven : passed
    from.onRequest((request) => relay(request, { from, to, passage }))
    from.onEnd((dialogEnd) => end(dialogEnd.by === 'server' ? 'server' : by, dialogEnd.reason))
  }
  join(caller, callee, 'caller')
  join(callee, caller, 'callee')

  return {
    onEnd(listener) {
      if (ended) listener(ended)
      else listeners.push(listener)
    },
    hangUp: (text) => end('us', ourReason(text)),
  }
}

/** A far end that does not support UPDATE (RFC 3261 §21.4.6, §21.5.2): a re-INVITE carries the offer to it. */
const withoutUpdate: ReadonlySet<number> = new Set([405, 501])

interface Direction {
  readonly from: SipDialog
  readonly to: SipDialog
  readonly passage: Passage
}

async function relay(request: IncomingRequest, { from, to, passage }: Direction): Promise<void> {
  if (request.method === 'INVITE') return relayReinvite(request, from, to)
  // Each leg has a session timer of its own: a refresh of one says nothing to the other (RFC 4028 §7.4).
  if (request.method === 'UPDATE' && request.body === '') {
    request.respond(200)
    return
  }
  if (request.method === 'OPTIONS') {
    request.respond(200, { headers: dialogOptions })
    return
  }
  const types = passage[request.method]
  if (!types) {
    request.respond(request.method in passed ? 403 : (answeredHere[request.method] ?? 501))
    return
  }
  const [type = ''] = request.header('Content-Type').toLowerCase().split(';')
  const mayBeEmpty = passage === passed
  if (!(mayBeEmpty && request.body === '') && !types.includes(type.trim())) {
    // RFC 3261 §8.2.3
    request.respond(415, { headers: { Accept: types.join(', ') } })
    return
  }
  const headers = request.body ? pick(request, ['Content-Type']) : {}
  const answer = await to.request(request.method, { headers, ...(request.body ? { body: request.body } : {}) })
  const takesNoUpdate = request.method === 'UPDATE' && withoutUpdate.has(answer.status)
  pass(takesNoUpdate ? await to.reinvite(request.body) : answer, request)
}

/** Hold, resume, a new codec or address: the offer goes to the other side and its answer comes back (RFC 3264 §8). */
async function relayReinvite(request: IncomingRequest, from: SipDialog, to: SipDialog): Promise<void> {
  const answer: ReinviteAnswer = await to.reinvite(sessionDescription(request) || null)
  if (answer.ack) answerInAck(from, answer.ack)
  pass(answer, request)
}

/** An offerless re-INVITE: the offer went out in our 200, the answer comes in the next ACK (RFC 3264 §4, RFC 3261 §14.1). */
function answerInAck(from: SipDialog, ack: (sdp: string) => void): void {
  let waiting = true
  from.onAck((sdp) => {
    if (!waiting) return
    waiting = false
    ack(sdp)
  })
}

function pass(answer: SipAnswer, request: IncomingRequest): void {
  const isOffer = request.method === 'INVITE' || request.method === 'UPDATE'
  const status = passedStatus(answer.status, isOffer ? 488 : 500)
  const body = isOffer ? sessionDescription(answer) : ''
  request.respond(status, {
    ...(status === answer.status ? { reason: answer.reason } : {}),
    headers: pick(answer, ['Retry-After']),
    ...(body === '' ? {} : { body }),
  })
}

/**
 * 481 and 408 speak of the far leg alone and its end brings the BYE; here the dialog is alive (RFC 3261 §12.2.1.2). So do a redirection and
 * a complaint about the session timer of our own request. Credentials that the far end asks for or refuses are not the ones of this phone,
 * which would ask its user for others.
 */
function passedStatus(status: number, refusal: number): number {
  if (status === 481 || status === 408 || status === 422 || (status >= 300 && status < 400)) return 500
  return [401, 403, 407].includes(status) ? refusal : status
}

function pick(message: { header(name: string): string }, names: readonly string[]): SipHeaders {
  return Object.fromEntries(names.map((name) => [name, message.header(name)] as const).filter(([, value]) => value !== ''))
}
