import type { Alarm, Clock, Milliseconds } from '../../../base/clock.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { ClientTransaction, ClientUser, Flow, Hop, TransactionLayer } from '../../transaction/transaction-layer.js'
import { newWireId } from '../../wire-id.js'
import { localFailure } from '../compose.js'
import { type Origin, type Passage, passageFrom } from '../passage.js'
import type { UnresponsiveHops } from './unresponsive-hops.js'

/** `sent` is called once, before the first response. */
export interface RequestListener {
  sent(passage: Passage, message: Buffer): void
  received(response: SipResponse, origin: Origin): void
}

/** A request that was sent. */
export interface SentRequest {
  readonly txnId: string
  /** The current transaction; null before the first, and if no hop was found. */
  readonly transaction: ClientTransaction | null
  /** The flow it was sent over; null until then. */
  readonly flow: Flow | null
  /** Cancels every attempt of an INVITE and tries no other hop. */
  cancel(reason: string | null): void
}

export interface FailoverNeeds {
  readonly layer: Pick<TransactionLayer, 'send'>
  readonly clock: Clock
  readonly t1: Milliseconds
  readonly unresponsiveHops: UnresponsiveHops
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

interface Outgoing {
  readonly request: SipRequest
  readonly hops: readonly Hop[]
  readonly listener: RequestListener
}

/** The request at one hop. */
interface Attempt {
  readonly hop: Hop
  transaction: ClientTransaction | null
  /** Any response arrived: a later time-out is the UAS's and does not lead to the next hop. */
  isAnswered: boolean
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

/** Sends a request to one hop after another (RFC 3263 §4.3) until one handles it. The listener is never called before this returns. */
export function sendWithFailover(
  { layer, clock, t1, unresponsiveHops }: FailoverNeeds,
  { request, hops, listener }: Outgoing,
): SentRequest {
  // A plain object: one with getters would cost more than everything else here.
  const sent: Mutable<SentRequest> = { txnId: newWireId(), transaction: null, flow: null, cancel }
  /** Attempts that may still get a response. */
  const live = new Set<Attempt>()
  /** Index in `hops` of the next one to try. */
  let next = 0
  /** The attempt that handles the request; responses of the others are ignored. */
  let chosen: Attempt | null = null
  let isCancelled = false
  let isReported = false

  function tryNext(): void {
    const hop = hops[next]
    if (!hop) return
    next += 1
    const isLast = next === hops.length
    const attempt: Attempt = { hop, transaction: null, isAnswered: false, responseTimer: null }
    live.add(attempt)
    attempt.transaction = layer.send(isLast ? request : request.clone(), hop, {
      onSent(bytes, flow) {
        sent.flow = flow
        reportSent(passageFrom(flow, bytes.length, clock.now()), bytes)
      },
      onResponse: (response, flow, size) => receive(attempt, { response, origin: { protocol: flow.protocol, flow, size } }),
      onTimeout: () => fail(attempt, 408, 'Request Timeout'),
      onTransportFailure: () => fail(attempt, 503, 'Service Unavailable'),
    })
    sent.transaction = attempt.transaction
    // Within a dialog the next hop may not know the call, and its 481 would end it.
    if (!isLast && request.method === 'INVITE' && request.to.tag === '') startResponseTimer(attempt)
  }

  function startResponseTimer(attempt: Attempt): void {
    attempt.responseTimer = clock.after(firstResponseT1 * t1, () => {
      attempt.responseTimer = null
      unresponsiveHops.note(attempt.hop)
      if (!chosen && !isCancelled) tryNext()
    })
  }

  function receive(attempt: Attempt, received: ReceivedResponse): void {
    const { status } = received.response
    stopResponseTimer(attempt)
    attempt.isAnswered = true
    if (hops.length > 1) unresponsiveHops.forget(attempt.hop)
    if (status === 100) pass(attempt, received)
    else if (chosen ? chosen === attempt || isSuccess(status) : !isHopFailure(status)) {
      choose(attempt)
      pass(attempt, received)
    } else if (!chosen) dropAttempt(attempt, received)
  }

  /** RFC 3263 §4.3: 503 is a failure of the hop. 482 comes from a UAS that the request has reached on two paths (RFC 3261 §8.2.2.2). */
  function isHopFailure(status: number): boolean {
    return status === 503 || (status === 482 && live.size > 1)
  }

  /** Every 2xx creates a dialog: the INVITE's sender ends all but one (RFC 3261 §13.2.2.4). */
  function choose(attempt: Attempt): void {
    if (chosen === attempt) return
    chosen = attempt
    for (const other of live) {
      if (other === attempt) continue
      other.responseTimer?.cancel()
      other.transaction?.cancel(ignoreResponses, null)
    }
  }

  function fail(attempt: Attempt, status: number, reason: string): void {
    stopResponseTimer(attempt)
    const response = localFailure(attempt.transaction?.request ?? request, status, reason)
    const received = { response, origin: { protocol: attempt.hop.protocol, flow: null, size: 0 } }
    if (chosen === attempt) pass(attempt, received)
    else if (!chosen) dropAttempt(attempt, received)
  }

  /** The failure of the last live attempt is the result of the request. */
  function dropAttempt(attempt: Attempt, received: ReceivedResponse): void {
    live.delete(attempt)
    const isOver = isCancelled || (attempt.isAnswered && received.origin.flow === null)
    // An attempt whose timer has expired without a response does not delay the next.
    const isAwaited = [...live].some(({ isAnswered, responseTimer }) => isAnswered || responseTimer)
    if (!isOver && !isAwaited) tryNext()
    if (live.size === 0) pass(attempt, received)
  }

  function pass(attempt: Attempt, { response, origin }: ReceivedResponse): void {
    if (!isReported) {
      // The request was never transmitted.
      const bytes = (attempt.transaction?.request ?? request).toBuffer()
      reportSent(passageFrom(attempt.hop, bytes.length, clock.now()), bytes)
    }
    listener.received(response, origin)
  }

  function reportSent(passage: Passage, bytes: Buffer): void {
    if (!isReported) listener.sent(passage, bytes)
    isReported = true
  }

  function cancel(reason: string | null): void {
    isCancelled = true
    for (const attempt of live) attempt.transaction?.cancel(ignoreResponses, reason)
  }

  tryNext()
  return sent
}

function stopResponseTimer(attempt: Attempt): void {
  attempt.responseTimer?.cancel()
  attempt.responseTimer = null
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}
