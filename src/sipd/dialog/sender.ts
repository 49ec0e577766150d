import { randomUUID } from 'node:crypto'
import { isAppError, messageOf } from '../../base/errors.js'
import { newBranch } from '../../sip/ids.js'
import type { SipRequest, SipResponse } from '../../sip/message.js'
import type { ClientTransaction, Flow, Hop } from '../transaction/transaction-layer.js'
import { endpointText } from '../transport/flow.js'
import type { Passage } from './application.js'
import { localFailure } from './compose.js'
import { type Core, type Origin, sentPassage } from './core.js'

/** What the sender of a request hears. `sent` comes once and before any response. */
export interface Listener {
  sent(passage: Passage, message: Buffer): void
  heard(response: SipResponse, origin: Origin): void
}

/** A request on its way. */
export interface Sent {
  readonly txnId: string
  /** The transaction that is tried now; null before the first and where no hop was found. */
  readonly transaction: ClientTransaction | null
  /** What it went out over; null as long as it has not. */
  readonly flow: Flow | null
}

/** Requests to the network, hop after hop (RFC 3263 §4.3), with every local failure told as a response (RFC 3261 §8.1.3.1). */
export interface Sender {
  send(request: SipRequest, hops: readonly Hop[], listener: Listener): Sent
  /** For a request that has nowhere to go. */
  fail(request: SipRequest, failure: { readonly status: number; readonly reason: string }, listener: Listener): void
  /** Finds the hops of a URI, at once where no name has to be asked for. `failed` gets the words of the wire. */
  locate(uri: string, found: (hops: readonly Hop[]) => void, failed: (reason: string) => void): void
}

export function createSender(core: Core): Sender {
  function send(request: SipRequest, hops: readonly Hop[], listener: Listener): Sent {
    const sent = { txnId: randomUUID(), transaction: null as ClientTransaction | null, flow: null as Flow | null }
    let told = false
    let answered = false

    function tell(passage: Passage, bytes: Buffer): void {
      if (!told) listener.sent(passage, bytes)
      told = true
    }

    function fail(hop: Hop, status: number, reason: string): void {
      const asSent = sent.transaction?.request ?? request
      if (!told) tell(...unsent(hop, asSent))
      listener.heard(localFailure(asSent, status, reason), { protocol: hop.protocol, flow: null, size: 0 })
    }

    function unsent(hop: Hop, asSent: SipRequest): [Passage, Buffer] {
      const bytes = asSent.toBuffer()
      return [sentPassage(core, hop, bytes.length), bytes]
    }

    function attempt(at: number): void {
      const hop = hops[at]
      if (!hop) return
      const last = at === hops.length - 1
      sent.transaction = core.layer.send(last ? request : request.clone(), hop, {
        onSent(bytes, flow) {
          sent.flow = flow
          tell(sentPassage(core, flow, bytes.length), bytes)
        },
        onResponse(response, flow, size) {
          answered = true
          listener.heard(response, { protocol: flow.protocol, flow, size })
        },
        onTimeout: () => (last || answered ? fail(hop, 408, 'Request Timeout') : attempt(at + 1)),
        onTransportFailure: () => (last || answered ? fail(hop, 503, 'Service Unavailable') : attempt(at + 1)),
      })
    }

    attempt(0)
    return sent
  }

  return {
    send,
    fail(request, { status, reason }, listener) {
      const at = core.clock.now()
      const own = core.layer.listening[0]?.advertised ?? { address: '0.0.0.0', port: 0 }
      request.prepend('Via', `SIP/2.0/UDP ${endpointText(own)};rport;branch=${newBranch()}`)
      listener.sent({ size: 0, protocol: null, remote: null, at }, request.toBuffer())
      listener.heard(localFailure(request, status, reason), { protocol: null, flow: null, size: 0 })
    },
    locate(uri, found, failed) {
      const refused = (fault: unknown): void => {
        if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
        failed(messageOf(fault))
      }
      let hops: readonly Hop[] | null
      try {
        hops = core.layer.locateNow(uri)
      } catch (fault) {
        return refused(fault)
      }
      if (hops) return found(hops)
      core.layer
        .locate(uri)
        .then(found, refused)
        .catch((fault: unknown) => core.log.error({ event: 'call.fault', err: fault }, 'a request could not be sent'))
    },
  }
}
