import { keyBodies } from '../../media/key.js'
import { firstPart } from '../../sip/message/multipart.js'
import type { DialogEnd, IncomingRequest, ReinviteReply, ResponseParts, SipDialog, SipHeaders, SipReply } from '../../srf/srf.js'
import type { Caller } from '../inbound/caller.js'
import { ourReason, reasonHeaders } from '../reason-header.js'
import { sessionDescription } from './session-description.js'

export type Side = 'caller' | 'callee'

/**
 * Who ended the call, and the Reason header. `server`: our SIP server, because one side was gone. `transfer`: nobody, one side has another
 * call now.
 */
export interface BridgeEnd {
  readonly by: Side | 'us' | 'server' | 'transfer'
  readonly reason: string
}

export interface Bridge {
  /** Called once; at once if the call has ended already. */
  onEnd(listener: (end: BridgeEnd) => void): void
  /** Sends BYE to both sides, with `text` in the Reason header. */
  hangUp(text: string): void
  /** From now on this side stays when the other one hangs up: it is being transferred. */
  keep(side: Side): void
  /** Undoes `keep`. A side that was left alone is hung up. */
  release(): void
  /** From `keep` to `release`. */
  readonly isKept: boolean
  /** Ends the bridge, but not its dialogs: each can be joined to another one. */
  part(): void
}

export interface BridgeNeeds {
  readonly caller: SipDialog
  readonly callee: SipDialog
  readonly kind: Caller['kind']
  /** Whether a request comes from that side. If not, it has been challenged or refused. */
  readonly proves: (request: IncomingRequest, side: Side) => boolean
  /** Handles a REFER of one side, and a SUBSCRIBE to what it reports (RFC 3515 §2.4.4). */
  readonly onRefer: (request: IncomingRequest, by: Side) => void
  /** The response to OPTIONS of that side. */
  readonly optionsFor: (side: Side) => SipHeaders
}

/** The binary form (RFC 4733) would not survive, because the application sees bodies as text. */
const keyTexts = keyBodies.filter((type) => type !== 'audio/telephone-event')

/** Methods that pass from leg to leg, with the body types that may pass. Other bodies stop here, because phones act on some of them. */
type Passable = Readonly<Record<string, readonly string[]>>

const passed: Passable = {
  UPDATE: ['application/sdp'],
  INFO: [...keyTexts, 'application/media_control+xml'],
  MESSAGE: ['text/plain', 'application/im-iscomposing+xml'],
}

/** An unauthenticated emergency caller may send only what the call needs. */
const passedFromUnproven: Passable = { UPDATE: passed.UPDATE ?? [], INFO: keyTexts }

/** Responses to requests that do not pass. */
const statusHere: Readonly<Record<string, number>> = { SUBSCRIBE: 489, NOTIFY: 489 }

/** Joins the two dialogs of a call: a request in one is sent on in the other (RFC 7092 §3.1). */
export function bridge({ caller, callee, kind, proves, onRefer, optionsFor }: BridgeNeeds): Bridge {
  const listeners: ((end: BridgeEnd) => void)[] = []
  let ended: BridgeEnd | null = null
  let kept: Side | null = null
  let left: BridgeEnd | null = null
  /** The offer of one side is on its way to the other. */
  let isOffering = false

  function settle(end: BridgeEnd): void {
    ended = end
    for (const listener of listeners) listener(end)
  }

  function end(by: BridgeEnd['by'], reason: string): void {
    if (ended) return
    for (const dialog of [caller, callee]) if (!dialog.ended) void dialog.bye(reasonHeaders(reason))
    settle({ by, reason })
  }

  /** The far end of one side has hung up, or our SIP server has lost it. */
  function hungUp(side: Side, { by, reason }: DialogEnd): void {
    const who = by === 'server' ? 'server' : side
    if (kept !== null && kept !== side) left ??= { by: who, reason }
    else end(who, reason)
  }

  function join(from: SipDialog, to: SipDialog, by: Side): void {
    const passable = by === 'caller' && kind === 'unknown' ? passedFromUnproven : passed
    from.onRequest((request) => {
      if (ended) refuse(request)
      else if (!proves(request, by)) return
      else if (isAboutTransfer(request)) onRefer(request, by)
      else if (request.method === 'OPTIONS') request.respond(200, { headers: optionsFor(by) })
      else if (isOffer(request)) return relayOffer(request, { from, to, passable })
      else return relay(request, { from, to, passable })
    })
    from.onEnd((dialogEnd) => hungUp(by, dialogEnd))
  }

  /** Both sides offer at once: each waits as long as its role says, and tries again (RFC 3261 §14.1, RFC 3311 §5.2). */
  async function relayOffer(request: IncomingRequest, direction: Direction): Promise<void> {
    if (isOffering) {
      request.respond(491)
      return
    }
    isOffering = true
    await relay(request, direction).finally(() => {
      isOffering = false
    })
  }

  join(caller, callee, 'caller')
  join(callee, caller, 'callee')

  return {
    onEnd(listener) {
      if (ended) listener(ended)
      else listeners.push(listener)
    },
    hangUp: (text) => end('us', ourReason(text)),
    keep(side) {
      kept = side
    },
    release() {
      kept = null
      if (left) end(left.by, left.reason)
    },
    get isKept() {
      return kept !== null
    },
    part() {
      if (!ended) settle({ by: 'transfer', reason: '' })
    },
  }
}

function isAboutTransfer({ method, header }: IncomingRequest): boolean {
  return method === 'REFER' || (method === 'SUBSCRIBE' && /^\s*refer\s*(;|$)/i.test(header('Event')))
}

/** The dialog is between two calls for a moment. */
function refuse(request: IncomingRequest): void {
  request.respond(500, { headers: { 'Retry-After': '1' } })
}

/** The far end does not support UPDATE (RFC 3261 §21.4.6, §21.5.2). A re-INVITE carries the offer instead. */
const updateUnsupported: ReadonlySet<number> = new Set([405, 501])

interface Direction {
  readonly from: SipDialog
  readonly to: SipDialog
  readonly passable: Passable
}

async function relay(request: IncomingRequest, { from, to, passable }: Direction): Promise<void> {
  if (request.method === 'INVITE') return relayReinvite(request, from, to)
  // Each leg has its own session timer, so a refresh does not pass (RFC 4028 §7.4).
  if (request.method === 'UPDATE' && request.body === '') {
    request.respond(200)
    return
  }
  const types = passable[request.method]
  if (!types) {
    request.respond(request.method in passed ? 403 : (statusHere[request.method] ?? 501))
    return
  }
  const content = passableContent(request, types)
  if (content === null && !(passable === passed && request.body === '')) {
    // RFC 3261 §8.2.3
    request.respond(415, { headers: { Accept: types.join(', ') } })
    return
  }
  const response = await to.request(request.method, content ?? {})
  const needsReinvite = request.method === 'UPDATE' && updateUnsupported.has(response.status)
  pass(needsReinvite ? await to.reinvite(content?.body ?? null) : response, request)
}

/** The body, or the first part of a multipart body that may pass (RFC 5621 §3.1); null: there is none. */
function passableContent({ header, body }: IncomingRequest, types: readonly string[]): Pick<ResponseParts, 'headers' | 'body'> | null {
  const type = header('Content-Type')
  const isPassable = (each: string): boolean => types.includes(each)
  if (isPassable((type.split(';', 1)[0] ?? '').trim().toLowerCase())) return body === '' ? {} : { headers: { 'Content-Type': type }, body }
  const part = firstPart({ type, body }, isPassable)
  return part && { headers: { 'Content-Type': part.type }, body: part.content }
}

/** Hold, resume, a new codec or address: the offer passes to the other side and its answer back (RFC 3264 §8). */
async function relayReinvite(request: IncomingRequest, from: SipDialog, to: SipDialog): Promise<void> {
  const response: ReinviteReply = await to.reinvite(sessionDescription(request) || null)
  if (response.ack) answerInAck(from, response.ack)
  pass(response, request)
}

/** A re-INVITE without an offer: the offer is in our 200 and the answer in the next ACK (RFC 3264 §4, RFC 3261 §14.1). */
function answerInAck(from: SipDialog, ack: (sdp: string) => void): void {
  let waiting = true
  from.onAck((sdp) => {
    if (!waiting) return
    waiting = false
    ack(sdp)
  })
}

function isOffer({ method, body }: IncomingRequest): boolean {
  return method === 'INVITE' || (method === 'UPDATE' && body !== '')
}

function pass(response: SipReply, request: IncomingRequest): void {
  const status = passedStatus(response.status, isOffer(request) ? 488 : 500)
  const body = isOffer(request) ? sessionDescription(response) : ''
  request.respond(status, {
    ...(status === response.status ? { reason: response.reason } : {}),
    headers: pick(response, ['Retry-After']),
    ...(body === '' ? {} : { body }),
  })
}

/**
 * 481 and 408 concern the far leg alone, whose end will bring a BYE; the dialog here is alive (RFC 3261 §12.2.1.2). The same holds for a
 * redirection and for a complaint about the session timer of our own request. A demand for credentials must not pass, because this phone
 * would ask its user for a password.
 */
function passedStatus(status: number, refusal: number): number {
  if (status === 481 || status === 408 || status === 422 || (status >= 300 && status < 400)) return 500
  return [401, 403, 407].includes(status) ? refusal : status
}

function pick(message: { header(name: string): string }, names: readonly string[]): SipHeaders {
  return Object.fromEntries(names.map((name) => [name, message.header(name)] as const).filter(([, value]) => value !== ''))
}
