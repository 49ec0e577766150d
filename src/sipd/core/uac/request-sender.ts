import { newBranch } from '../../../sip/ids.js'
import type { SipRequest } from '../../../sip/message/message.js'
import type { Hop, TransactionLayer } from '../../transaction/transaction-layer.js'
import { endpointText } from '../../transport/flow.js'
import { localFailure } from '../compose.js'
import { type FailoverNeeds, type RequestListener, type SentRequest, sendWithFailover } from './hop-failover.js'

/** Sends requests. Each gets a final response: every local failure becomes one (RFC 3261 §8.1.3.1). */
export interface RequestSender {
  /** Tries the hops in order. The listener is never called before this returns. */
  send(request: SipRequest, hops: readonly Hop[], listener: RequestListener): SentRequest
  /** Reports a request without a next hop as sent, and responds to it. */
  fail(request: SipRequest, failure: LocalFailure, listener: RequestListener): void
}

interface LocalFailure {
  readonly status: number
  readonly reason: string
}

export interface RequestSenderNeeds extends FailoverNeeds {
  readonly layer: Pick<TransactionLayer, 'send' | 'listening'>
}

export function createRequestSender(needs: RequestSenderNeeds): RequestSender {
  const { layer, clock } = needs
  return {
    send: (request, hops, listener) => sendWithFailover(needs, { request, hops, listener }),
    fail(request, { status, reason }, listener) {
      const own = layer.listening[0]?.advertised ?? { address: '0.0.0.0', port: 0 }
      request.prepend('Via', `SIP/2.0/UDP ${endpointText(own)};rport;branch=${newBranch()}`)
      listener.sent({ size: 0, protocol: null, remote: null, at: clock.now() }, request.toBuffer())
      listener.received(localFailure(request, status, reason), { protocol: null, flow: null, size: 0 })
    },
  }
}
