import type { Alarm } from '../../../base/clock.js'
import { isAppError, messageOf } from '../../../base/errors.js'
import { newBranch } from '../../../sip/ids.js'
import type { SipRequest, SipResponse } from '../../../sip/message.js'
import type { ClientTransaction, ClientUser, Endpoint, Flow, Hop } from '../../transaction/transaction-layer.js'
import { endpointText } from '../../transport/flow.js'
import { newWireId } from '../../wire-id.js'
import type { Passage } from '../application.js'
import { localFailure } from '../compose.js'
import { type Core, type Origin, type Sent, sentPassage } from '../core.js'

/** What the sender of a request hears. `sent` comes once and before any response. */
export interface Listener {
  sent(passage: Passage, message: Buffer): void
  heard(response: SipResponse, origin: Origin): void
}

interface Sending extends Sent {
  readonly core: Core
  readonly request: SipRequest
  readonly hops: readonly Hop[]
  readonly listener: Listener
  /** Of `hops`: the first that has not been tried. */
  next: number
  /** Those that may still answer. */
  readonly live: Set<Attempt>
  /** It deals with the request: the others are not heard any more. */
  chosen: Attempt | null
  cancelled: boolean
  told: boolean
  transaction: ClientTransaction | null
  flow: Flow | null
}

/** At one hop. */
interface Attempt {
  readonly hop: Hop
  transaction: ClientTransaction | null
  /** By a response of any kind: a time-out is that of who answers, and no failure of the place. */
  answered: boolean
  /** Ends the wait for a first sign of life. */
  patience: Alarm | null
}

/** A response, and where from. */
interface Told {
  readonly response: SipResponse
  readonly origin: Origin
}

/** The 200 of a CANCEL says nothing that the 487 of the INVITE does not (RFC 3261 §9.1). */
export const nobody: ClientUser = {
  onSent: () => undefined,
  onResponse: () => undefined,
  onTimeout: () => undefined,
  onTransportFailure: () => undefined,
}

/** After so many T1, which are three transmissions, the next place is asked for a call as well: nobody waits 64 for a dead one. */
const patienceT1 = 4

/**
 * Sends a request hop after hop (RFC 3263 §4.3); every local failure is told as a response (RFC 3261 §8.1.3.1). Nothing is told
 * before this has returned.
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
    told: false,
    transaction: null,
    flow: null,
    cancel(reason) {
      sending.cancelled = true
      for (const { transaction } of sending.live) transaction?.cancel(nobody, reason)
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
  const attempt: Attempt = { hop, transaction: null, answered: false, patience: null }
  sending.live.add(attempt)
  attempt.transaction = core.layer.send(isLast ? request : request.clone(), hop, {
    onSent(bytes, flow) {
      sending.flow = flow
      tell(sending, sentPassage(core, flow, bytes.length), bytes)
    },
    onResponse: (response, flow, size) => heard(sending, attempt, { response, origin: { protocol: flow.protocol, flow, size } }),
    onTimeout: () => failed(sending, attempt, { status: 408, reason: 'Request Timeout' }),
    onTransportFailure: () => failed(sending, attempt, { status: 503, reason: 'Service Unavailable' }),
  })
  sending.transaction = attempt.transaction
  // In a dialog the next place may be one that does not know the call, and its 481 would end it.
  if (!isLast && request.method === 'INVITE' && request.to.tag === '')
    attempt.patience = core.clock.after(patienceT1 * core.timers.t1, () => {
      attempt.patience = null
      core.silentPlaces.note(hop)
      if (!sending.chosen && !sending.cancelled) tryNext(sending)
    })
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300

function heard(sending: Sending, attempt: Attempt, told: Told): void {
  const { status } = told.response
  attempt.patience?.cancel()
  attempt.patience = null
  attempt.answered = true
  if (sending.hops.length > 1) sending.core.silentPlaces.forget(attempt.hop)
  if (status === 100) pass(sending, attempt, told)
  else if (sending.chosen ? sending.chosen === attempt || isSuccess(status) : !isOfThePlace(sending, status)) {
    choose(sending, attempt)
    pass(sending, attempt, told)
  } else if (!sending.chosen) lost(sending, attempt, told)
}

/** RFC 3263 §4.3: a 503 is a failure of the place. 482 comes from one that the request has reached on two ways (RFC 3261 §8.2.2.2). */
function isOfThePlace(sending: Sending, status: number): boolean {
  return status === 503 || (status === 482 && sending.live.size > 1)
}

/** A 2xx makes a call wherever it comes from: of several, all but one are ended by whoever asked (RFC 3261 §13.2.2.4). */
function choose(sending: Sending, attempt: Attempt): void {
  if (sending.chosen === attempt) return
  sending.chosen = attempt
  for (const other of sending.live) {
    if (other === attempt) continue
    other.patience?.cancel()
    other.transaction?.cancel(nobody, null)
  }
}

function failed(sending: Sending, attempt: Attempt, { status, reason }: { status: number; reason: string }): void {
  attempt.patience?.cancel()
  attempt.patience = null
  const response = localFailure(attempt.transaction?.request ?? sending.request, status, reason)
  const told = { response, origin: { protocol: attempt.hop.protocol, flow: null, size: 0 } }
  if (sending.chosen === attempt) pass(sending, attempt, told)
  else if (!sending.chosen) lost(sending, attempt, told)
}

/** The failure of the last that might have answered is that of the request. */
function lost(sending: Sending, attempt: Attempt, told: Told): void {
  const { live } = sending
  live.delete(attempt)
  const isOver = sending.cancelled || (attempt.answered && told.origin.flow === null)
  // Who is silent for longer than that is not waited for.
  const isAwaited = [...live].some(({ answered, patience }) => answered || patience)
  if (!isOver && !isAwaited) tryNext(sending)
  if (live.size === 0) pass(sending, attempt, told)
}

function pass(sending: Sending, { hop, transaction }: Attempt, { response, origin }: Told): void {
  if (!sending.told) {
    // It has not even gone out.
    const bytes = (transaction?.request ?? sending.request).toBuffer()
    tell(sending, sentPassage(sending.core, hop, bytes.length), bytes)
  }
  sending.listener.heard(response, origin)
}

function tell(sending: Sending, passage: Passage, bytes: Buffer): void {
  if (!sending.told) sending.listener.sent(passage, bytes)
  sending.told = true
}

/** For a request that has nowhere to go: it is shown as it would have been sent, and answered. */
export function failRequest(core: Core, request: SipRequest, failure: { status: number; reason: string }, listener: Listener): void {
  const own = core.layer.listening[0]?.advertised ?? { address: '0.0.0.0', port: 0 }
  request.prepend('Via', `SIP/2.0/UDP ${endpointText(own)};rport;branch=${newBranch()}`)
  listener.sent({ size: 0, protocol: null, remote: null, at: core.clock.now() }, request.toBuffer())
  listener.heard(localFailure(request, failure.status, failure.reason), { protocol: null, flow: null, size: 0 })
}

/** Where a request is to go, and the socket of ours to prefer. */
export interface Place {
  readonly uri: string
  readonly from: Endpoint | null
}

/** Finds the hops of a URI, at once where no name has to be asked for. `failed` gets the words of the wire. */
export function locate(core: Core, { uri, from }: Place, found: (hops: readonly Hop[]) => void, failed: (reason: string) => void): void {
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
