import { newField, wireSafe } from '../headers/header-field.js'
import { newRequest, newResponseTo } from './editable-message.js'
import type { SipRequest, SipResponse } from './message.js'
import { reasonPhrase } from './reason-phrase.js'

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

/**
 * A response to a request (RFC 3261 §8.2.6.2): Via, From, To, Call-ID and CSeq are copied as far as the request has them, so that a
 * malformed request can be answered too; a To without tag gets `toTag`, but never in a 100. `copyRecordRoute` adds the rest of a
 * response that makes a dialog.
 */
export function createResponse(request: SipRequest, status: number, reason: string = reasonPhrase(status), toTag = ''): SipResponse {
  return newResponseTo(request, { status, reason: wireSafe(reason, 'the reason phrase') }, status > 100 ? toTag : '')
}

/** RFC 3261 §12.1.1: what makes a dialog carries the Record-Route of the request. */
export function copyRecordRoute(request: SipRequest, response: SipResponse): void {
  response.remove('Record-Route')
  for (const value of request.all('Record-Route')) response.append('Record-Route', value)
}
