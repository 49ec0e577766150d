import { newField, wireSafe } from '../headers/header-field.js'
import { newRequest, newResponseTo } from './editable-message.js'
import type { SipRequest, SipResponse } from './message.js'
import { reasonPhrase } from './reason-phrase.js'

export interface RequestParts {
  readonly method: string
  readonly uri: string
  /** In this order. Only Content-Length is added, when the message is sent. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: Buffer
}

/** @throws AppError SIP_MALFORMED for a header value with a line break, or a name that is not a token. */
export function createRequest({ method, uri, headers, body }: RequestParts): SipRequest {
  const fields = headers.map(([name, value]) => newField(name, value))
  return newRequest(method, uri, fields, body)
}

/**
 * A response to a request (RFC 3261 §8.2.6.2). Via, From, To, Call-ID and CSeq are copied if present, so that a malformed request gets a
 * response too. A To without a tag gets `toTag`, except in a 100. A response that creates a dialog also needs `copyRecordRoute`.
 */
export function createResponse(request: SipRequest, status: number, reason: string = reasonPhrase(status), toTag = ''): SipResponse {
  return newResponseTo(request, { status, reason: wireSafe(reason, 'the reason phrase') }, status > 100 ? toTag : '')
}

/** RFC 3261 §12.1.1: a response that creates a dialog has the Record-Route of the request. */
export function copyRecordRoute(request: SipRequest, response: SipResponse): void {
  response.remove('Record-Route')
  for (const value of request.all('Record-Route')) response.append('Record-Route', value)
}
