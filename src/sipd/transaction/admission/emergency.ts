import { dialled, isEmergencyService } from '../../../sip/dialled.js'
import type { SipRequest } from '../../../sip/message.js'

/** True for a call to one of these numbers, or to the emergency service. */
export type IsEmergency = (request: SipRequest) => boolean

export function emergencyCallsTo(numbers: readonly string[]): IsEmergency {
  const known = new Set(numbers)
  return ({ method, uri, to }) =>
    method === 'INVITE' && to.tag === '' && (known.has(dialled(uri).replace(/#$/, '')) || isEmergencyService(uri))
}
