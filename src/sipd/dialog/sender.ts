import { isAppError, messageOf } from '../../base/errors.js'
import { newBranch } from '../../sip/ids.js'
import type { SipRequest, SipResponse } from '../../sip/message.js'
import type { ClientTransaction, ClientUser, Flow, Hop } from '../transaction/transaction-layer.js'
import { endpointText } from '../transport/flow.js'
import { newWireId } from '../wire-id.js'
import type { Passage } from './application.js'
import { localFailure } from './compose.js'
import { type Core, type Origin, type Sent, sentPassage } from './core.js'

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
  transaction: ClientTransaction | null
  flow: Flow | null
  told: boolean
  /** By a response of any kind: a time-out is that of who answers, and no failure of the place. */
  answered: boolean
  /** Somebody there has begun to deal with it. */
  underWay: boolean
  cancelled: boolean
}

/** The 200 of a CANCEL says nothing that the 487 of the INVITE does not (RFC 3261 §9.1). */
const nobody: ClientUser = {
  onSent: () => undefined,
  onResponse: () => undefined,
  onTimeout: () => undefined,
  onTransportFailure: () => undefined,
}

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
    transaction: null,
    flow: null,
    told: false,
    answered: false,
    underWay: false,
    cancelled: false,
    cancel(reason) {
      sending.cancelled = true
      sending.transaction?.cancel(nobody, reason)
    },
  }
  attempt(sending, 0)
  return sending
}

function attempt(sending: Sending, at: number): void {
  const { core, request, hops, listener } = sending
  const hop = hops[at]
  if (!hop) return
  const last = at === hops.length - 1
  const failed = (status: number, reason: string): void => {
    if (last || sending.answered || sending.cancelled) fail(sending, hop, { status, reason })
    else attempt(sending, at + 1)
  }
  sending.transaction = core.layer.send(last ? request : request.clone(), hop, {
    onSent(bytes, flow) {
      sending.flow = flow
      tell(sending, sentPassage(core, flow, bytes.length), bytes)
    },
    onResponse(response, flow, size) {
      // RFC 3263 §4.3: a 503 is a failure of the place, also after the 100 that says no more than that the request has arrived.
      if (response.status === 503 && !last && !sending.underWay && !sending.cancelled) {
        sending.answered = false
        attempt(sending, at + 1)
        return
      }
      sending.answered = true
      if (response.status > 100) sending.underWay = true
      listener.heard(response, { protocol: flow.protocol, flow, size })
    },
    onTimeout: () => failed(408, 'Request Timeout'),
    onTransportFailure: () => failed(503, 'Service Unavailable'),
  })
}

function tell(sending: Sending, passage: Passage, bytes: Buffer): void {
  if (!sending.told) sending.listener.sent(passage, bytes)
  sending.told = true
}

function fail(sending: Sending, hop: Hop, { status, reason }: { status: number; reason: string }): void {
  const { core, listener } = sending
  const asSent = sending.transaction?.request ?? sending.request
  if (!sending.told) {
    const bytes = asSent.toBuffer()
    tell(sending, sentPassage(core, hop, bytes.length), bytes)
  }
  listener.heard(localFailure(asSent, status, reason), { protocol: hop.protocol, flow: null, size: 0 })
}

/** For a request that has nowhere to go: it is shown as it would have been sent, and answered. */
export function failRequest(core: Core, request: SipRequest, failure: { status: number; reason: string }, listener: Listener): void {
  const own = core.layer.listening[0]?.advertised ?? { address: '0.0.0.0', port: 0 }
  request.prepend('Via', `SIP/2.0/UDP ${endpointText(own)};rport;branch=${newBranch()}`)
  listener.sent({ size: 0, protocol: null, remote: null, at: core.clock.now() }, request.toBuffer())
  listener.heard(localFailure(request, failure.status, failure.reason), { protocol: null, flow: null, size: 0 })
}

/** Finds the hops of a URI, at once where no name has to be asked for. `failed` gets the words of the wire. */
export function locate(core: Core, uri: string, found: (hops: readonly Hop[]) => void, failed: (reason: string) => void): void {
  const refused = (fault: unknown): void => {
    if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
    failed(messageOf(fault))
  }
  let hops: readonly Hop[] | null
  try {
    hops = core.layer.locateNow(uri)
  } catch (fault) {
    refused(fault)
    return
  }
  if (hops) {
    found(hops)
    return
  }
  core.layer
    .locate(uri)
    .then(found, refused)
    .catch((fault: unknown) => core.log.error({ event: 'call.fault', err: fault }, 'a request could not be sent'))
}
