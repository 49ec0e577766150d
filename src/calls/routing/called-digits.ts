import { dialled, isEmergencyService } from '../../sip/uri/dialled.js'

/** The digits in a URI that a phone calls. It may ask for the emergency service by URN instead of a number (RFC 5031), which is treated like 112. */
export function calledDigits(uri: string): string {
  return isEmergencyService(uri) ? '112' : dialled(uri)
}
