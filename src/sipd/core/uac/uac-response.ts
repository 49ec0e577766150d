import type { Milliseconds } from '../../../base/clock.js'
import type { SipResponse } from '../../../sip/message/message.js'
import type { Application } from '../application.js'
import { type Origin, passageOfResponse } from '../passage.js'

/** The request that a response belongs to. */
export interface ApplicationRequest {
  readonly application: Application
  readonly txnId: string
  /** `''` outside a dialog. */
  readonly dialogId: string
}

/** A response and its origin. */
export interface ReceivedResponse {
  readonly response: SipResponse
  readonly origin: Origin
}

/** Delivers a response to the application that sent the request. */
export function deliverResponse(
  { application, txnId, dialogId }: ApplicationRequest,
  { response, origin }: ReceivedResponse,
  at: Milliseconds,
): void {
  application.arrived({ txnId, dialogId, passage: passageOfResponse(origin, at), receivedOn: null, message: response.toBuffer() })
}
