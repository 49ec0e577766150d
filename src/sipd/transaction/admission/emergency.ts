import type { SipRequest } from '../../../sip/message/message.js'
import { dialled, emergencyDigits, isEmergencyService } from '../../../sip/uri/dialled.js'

/** True for a call to one of these numbers, or to the emergency service. */
export type IsEmergency = (request: SipRequest) => boolean

/** Digits for an outside line before an emergency number of another site. */
const maxPrefixLength = 3

/** True for a call to one of these numbers, also behind a few digits for an outside line. */
export function possibleEmergencyCallsTo(numbers: readonly string[]): (request: SipRequest) => boolean {
  const known = new Set(numbers)
  return ({ uri }) => {
    const digits = emergencyDigits(dialled(uri))
    for (let from = 0; from <= maxPrefixLength; from += 1) if (known.has(digits.slice(from))) return true
    return false
  }
}

export function emergencyCallsTo(numbers: readonly string[]): IsEmergency {
  const known = new Set(numbers)
  return ({ method, uri, to }) =>
    method === 'INVITE' && to.tag === '' && (known.has(emergencyDigits(dialled(uri))) || isEmergencyService(uri))
}
