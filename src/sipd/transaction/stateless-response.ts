import { createHash, randomBytes } from 'node:crypto'
import { createResponse } from '../../sip/message/builder.js'
import type { SipRequest } from '../../sip/message/message.js'
import type { Flow } from '../transport/flow.js'
import type { Transports } from '../transport/transports.js'
import type { Counts } from './counts.js'
import { responseTargetOf } from './via-stamp.js'

export interface StatelessResponse {
  readonly status: number
  readonly reason?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
}

const salt = randomBytes(16)

export interface StatelessNeeds {
  readonly transports: Pick<Transports, 'send'>
  /** Whether this many bytes may be sent to the source. */
  readonly maySend: (flow: Flow, bytes: number) => boolean
  readonly counts: Pick<Counts, 'withheld'>
}

/** Responds to a request without a transaction. Retransmissions get the same To tag (RFC 3261 §8.2.7). An ACK gets no response. */
export function respondStatelessly(needs: StatelessNeeds, request: SipRequest, flow: Flow, reply: StatelessResponse): void {
  if (request.method === 'ACK') return
  const response = createResponse(request, reply.status, reply.reason, tagFor(request))
  for (const [name, value] of reply.headers ?? []) response.append(name, value)
  const target = flow.connection === null ? { ...flow, remote: responseTargetOf(request.topVia, flow) } : flow
  const bytes = response.toBuffer()
  if (needs.maySend(flow, bytes.length)) needs.transports.send(bytes, target)
  else needs.counts.withheld += 1
}

function tagFor(request: SipRequest): string {
  const hash = createHash('sha1').update(salt)
  for (const part of [request.first('Via'), request.first('Call-ID'), request.first('CSeq')]) hash.update(part ?? '')
  return hash.digest('base64url').slice(0, 12)
}
