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
  /** False: so many bytes may not go there. */
  readonly affords: (flow: Flow, bytes: number) => boolean
  readonly counts: Pick<Counts, 'withheld'>
}

/** Answers a request that gets no transaction; an ACK gets no answer. Its copies get the same To tag (RFC 3261 §8.2.7). */
export function answerStateless(needs: StatelessNeeds, request: SipRequest, flow: Flow, answer: StatelessResponse): void {
  if (request.method === 'ACK') return
  const response = createResponse(request, answer.status, answer.reason, tagFor(request))
  for (const [name, value] of answer.headers ?? []) response.append(name, value)
  const way = flow.connection === null ? { ...flow, remote: responseTargetOf(request.topVia, flow) } : flow
  const bytes = response.toBuffer()
  if (needs.affords(flow, bytes.length)) needs.transports.send(bytes, way)
  else needs.counts.withheld += 1
}

function tagFor(request: SipRequest): string {
  const hash = createHash('sha1').update(salt)
  for (const part of [request.first('Via'), request.first('Call-ID'), request.first('CSeq')]) hash.update(part ?? '')
  return hash.digest('base64url').slice(0, 12)
}
