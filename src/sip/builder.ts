import { newRequest, newResponse } from './editor.js'
import { newField, wireSafe } from './field.js'
import type { SipRequest, SipResponse } from './message.js'
import { parseNameAddr } from './name-addr.js'
import { reasonPhrase } from './status.js'

export interface RequestParts {
  readonly method: string
  readonly uri: string
  /** In this order, nothing added but Content-Length when it is sent. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: Buffer
}

/** @throws AppError SIP_MALFORMED for a header with a line break or a name that is no token. */
export function createRequest({ method, uri, headers, body }: RequestParts): SipRequest {
  const fields = headers.map(([name, value]) => newField(name, value))
  return newRequest(method, uri, fields, body)
}

/** What a response copies, in this order (RFC 3261 §8.2.6.2). */
const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'] as const

/**
 * A response to a request: Via, From, To, Call-ID and CSeq are copied as far as the request has them; a To without tag gets
 * `toTag` (never for 100). Record-Route is copied on demand with `copyRecordRoute`.
 */
export function createResponse(request: SipRequest, status: number, reason: string = reasonPhrase(status), toTag = ''): SipResponse {
  const response = newResponse(status, wireSafe(reason, 'the reason phrase'))
  for (const name of copied) for (const value of request.all(name)) response.append(name, value)
  const to = response.first('To')
  if (toTag !== '' && status > 100 && to !== undefined && !hasTag(request)) response.set('To', `${to};tag=${toTag}`)
  return response
}

/** RFC 3261 §12.1.1: what makes a dialog carries the Record-Route of the request. */
export function copyRecordRoute(request: SipRequest, response: SipResponse): void {
  response.remove('Record-Route')
  for (const value of request.all('Record-Route')) response.append('Record-Route', value)
}

function hasTag(request: SipRequest): boolean {
  const to = parseNameAddr(request.first('To') ?? '')
  // A To that is not understood goes back as it came (RFC 4475 §3.1.2.6).
  return to === null || to.tag !== ''
}
