import type { Alarm } from '../../../base/clock.js'
import { isAppError, messageOf } from '../../../base/errors.js'
import { newBranch } from '../../../sip/ids.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { ClientTransaction, ClientUser, Endpoint, Flow, Hop } from '../../transaction/transaction-layer.js'
import { endpointText } from '../../transport/flow.js'
import { newWireId } from '../../wire-id.js'
import type { Passage } from '../application.js'
import { localFailure } from '../compose.js'
import { type Core, type Origin, type Sent, sentPassage } from '../core.js'

/** `sent` is called once, before the first response. */
export interface Listener {
  sent(passage: Passage, message: Buffer): void
  received(response: SipResponse, origin: Origin): void
}

interface Sending extends Sent {
  readonly core: Core
  readonly request: SipRequest
  readonly hops: readonly Hop[]
  readonly listener: Listener
  /** Index in `hops` of the next one to try. */
  next: number
  /** Attempts that may still get a response. */
  readonly live: Set<Attempt>
  /** The attempt that handles the request; responses of the others are ignored. */
  chosen: Attempt | null
  cancelled: boolean
  reported: boolean
  transaction: ClientTransaction | null
  flow: Flow | null
}

/** The request at one hop. */
interface Attempt {
  readonly hop: Hop
  transaction: ClientTransaction | null
  /** Any response arrived: a later time-out is the UAS's and does not lead to the next hop. */
  answered: boolean
  /** Runs until the first response. */
  responseTimer: Alarm | null
}

/** A response and its origin. */
interface ReceivedResponse {
  readonly response: SipResponse
  readonly origin: Origin
}

/** The response to CANCEL is ignored: the INVITE gets 487 (RFC 3261 §9.1). */
export const ignoreResponses: ClientUser = {
  onSent: () => undefined,
  onResponse: () => undefined,
  onTimeout: () => undefined,
  onTransportFailure: () => undefined,
}

/** T1 intervals (three transmissions) after which an INVITE goes to the next hop too, instead of after the 64 of Timer B. */
const firstResponseT1 = 4

/**
 * Sends a request hop after hop (RFC 3263 §4.3); every local failure becomes a response (RFC 3261 §8.1.3.1). The listener is never
 * called before this returns.
 */
export function sendRequest(core: Core, request: SipRequest, hops: readonly Hop[], listener: Listener): Sent {
  const sending: Sending = {
    core,
    txnId: newWireId(),
    request,
    hops,
    listener,
    next: 0,
    live: new Set(),
    chosen: null,
    cancelled: false,
    reported: false,
    transaction: null,
    flow: null,
    cancel(reason) {
      sending.cancelled = true
      for (const { transaction } of sending.live) transaction?.cancel(ignoreResponses, reason)
    },
  }
  tryNext(sending)
  return sending
}

function tryNext(sending: Sending): void {
  const { core, request, hops } = sending
  const hop = hops[sending.next]
  if (!hop) return
  sending.next += 1
  const isLast = sending.next === hops.length
  const attempt: Attempt = { hop, transaction: null, answered: false, responseTimer: null }
  sending.live.add(attempt)
  attempt.transaction = core.layer.send(isLast ? request : request.clone(), hop, {
    onSent(bytes, flow) {
      sending.flow = flow
      reportSent(sending, sentPassage(core, flow, bytes.length), bytes)
    },
    onResponse: (response, flow, size) => heard(sending, attempt, { response, origin: { protocol: flow.protocol, flow, size } }),
    onTimeout: () => failed(sending, attempt, { status: 408, reason: 'Request Timeout' }),
    onTransportFailure: () => failed(sending, attempt, { status: 503, reason: 'Service Unavailable' }),
  })
  sending.transaction = attempt.transaction
  // Within a dialog the next hop may not know the call, and its 481 would end it.
  if (!isLast && request.method === 'INVITE' && request.to.tag === '')
    attempt.responseTimer = core.clock.after(firstResponseT1 * core.timers.t1, () => {
      attempt.responseTimer = null
      core.unresponsiveHops.note(hop)
      if (!sending.chosen && !sending.cancelled) tryNext(sending)
    })
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300

function heard(sending: Sending, attempt: Attempt, told: ReceivedResponse): void {
  const { status } = told.response
  attempt.responseTimer?.cancel()
  attempt.responseTimer = null
  attempt.answered = true
  if (sending.hops.length > 1) sending.core.unresponsiveHops.forget(attempt.hop)
  if (status === 100) pass(sending, attempt, told)
  else if (sending.chosen ? sending.chosen === attempt || isSuccess(status) : !isHopFailure(sending, status)) {
    choose(sending, attempt)
    pass(sending, attempt, told)
  } else if (!sending.chosen) attemptFailed(sending, attempt, told)
}

/** RFC 3263 §4.3: 503 is a failure of the hop. 482 comes from a UAS that the request has reached on two paths (RFC 3261 §8.2.2.2). */
function isHopFailure(sending: Sending, status: number): boolean {
  return status === 503 || (status === 482 && sending.live.size > 1)
}

/** Every 2xx creates a dialog: the caller of `sendRequest` ends all but one (RFC 3261 §13.2.2.4). */
function choose(sending: Sending, attempt: Attempt): void {
  if (sending.chosen === attempt) return
  sending.chosen = attempt
  for (const other of sending.live) {
    if (other === attempt) continue
    other.responseTimer?.cancel()
    other.transaction?.cancel(ignoreResponses, null)
  }
}

function failed(sending: Sending, attempt: Attempt, { status, reason }: { status: number; reason: string }): void {
  attempt.responseTimer?.cancel()
  attempt.responseTimer = null
  const response = localFailure(attempt.transaction?.request ?? sending.request, status, reason)
  const told = { response, origin: { protocol: attempt.hop.protocol, flow: null, size: 0 } }
  if (sending.chosen === attempt) pass(sending, attempt, told)
  else if (!sending.chosen) attemptFailed(sending, attempt, told)
}

/** The failure of the last live attempt is the result of the request. */
function attemptFailed(sending: Sending, attempt: Attempt, told: ReceivedResponse): void {
  const { live } = sending
  live.delete(attempt)
  const isOver = sending.cancelled || (attempt.answered && told.origin.flow === null)
  // An attempt whose timer has expired without a response does not delay the next.
  const isAwaited = [...live].some(({ answered, responseTimer }) => answered || responseTimer)
  if (!isOver && !isAwaited) tryNext(sending)
  if (live.size === 0) pass(sending, attempt, told)
}

function pass(sending: Sending, { hop, transaction }: Attempt, { response, origin }: ReceivedResponse): void {
  if (!sending.reported) {
    // The request was never transmitted.
    const bytes = (transaction?.request ?? sending.request).toBuffer()
    reportSent(sending, sentPassage(sending.core, hop, bytes.length), bytes)
  }
  sending.listener.received(response, origin)
}

function reportSent(sending: Sending, passage: Passage, bytes: Buffer): void {
  if (!sending.reported) sending.listener.sent(passage, bytes)
  sending.reported = true
}

/** Reports a request without a next hop as sent, and responds to it. */
export function failRequest(core: Core, request: SipRequest, failure: { status: number; reason: string }, listener: Listener): void {
  const own = core.layer.listening[0]?.advertised ?? { address: '0.0.0.0', port: 0 }
  request.prepend('Via', `SIP/2.0/UDP ${endpointText(own)};rport;branch=${newBranch()}`)
  listener.sent({ size: 0, protocol: null, remote: null, at: core.clock.now() }, request.toBuffer())
  listener.received(localFailure(request, failure.status, failure.reason), { protocol: null, flow: null, size: 0 })
}

/** The URI to locate, and the preferred local socket. */
export interface Destination {
  readonly uri: string
  readonly from: Endpoint | null
}

/** Finds the hops of a URI, synchronously if no DNS query is needed. `failed` gets drachtio's wording of the reason. */
export function locate(
  core: Core,
  { uri, from }: Destination,
  found: (hops: readonly Hop[]) => void,
  failed: (reason: string) => void,
): void {
  const refused = (fault: unknown): void => {
    if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
    failed(messageOf(fault))
  }
  let hops: readonly Hop[] | null
  try {
    hops = core.layer.locateNow(uri, from)
  } catch (fault) {
    refused(fault)
    return
  }
  if (hops) {
    found(hops)
    return
  }
  core.layer
    .locate(uri, from)
    .then(found, refused)
    .catch((fault: unknown) => core.log.error({ event: 'call.fault', err: fault }, 'a request could not be sent'))
}
