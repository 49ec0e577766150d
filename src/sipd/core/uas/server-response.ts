import { isAppError } from '../../../base/errors.js'
import { shortestInterval } from '../../../sip/headers/session-expires.js'
import { newTag } from '../../../sip/ids.js'
import { createResponse } from '../../../sip/message/builder.js'
import type { SipResponse } from '../../../sip/message/message.js'
import type { ServerTransaction } from '../../transaction/transaction-layer.js'

/** Sends a response that no application requested. Null if it cannot be sent any more. */
export function tryToSend(response: SipResponse, transaction: ServerTransaction): Buffer | null {
  try {
    return transaction.respond(response)
  } catch (fault) {
    if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
    return null
  }
}

export function refuse(transaction: ServerTransaction, status: number, headers: readonly (readonly [string, string])[] = []): void {
  const response = createResponse(transaction.request, status, undefined, newTag())
  for (const [name, value] of headers) response.append(name, value)
  tryToSend(response, transaction)
}

/** RFC 3261 §21.5.4. */
export function refuseForNow(transaction: ServerTransaction): void {
  refuse(transaction, 503, [['Retry-After', '10']])
}

/** RFC 4028 §9. */
export function refuseInterval(transaction: ServerTransaction): void {
  refuse(transaction, 422, [['Min-SE', String(shortestInterval)]])
}
