import { completeNumber, type Dialplan } from '../../dialplan/dialplan.js'
import { dialled, isEmergencyService } from '../../sip/uri/dialled.js'
import { phoneContext } from '../../sip/uri/phone-context.js'

/** The digits in a URI that a phone calls. It may ask for the emergency service by URN instead of a number (RFC 5031), which is treated like 112. */
export function calledDigits(uri: string): string {
  return isEmergencyService(uri) ? '112' : dialled(uri)
}

/**
 * The same, completed if the number is local to a country that the URI names: `tel:0612345678;phone-context=+33` is +33612345678 (RFC 3966
 * §5.1.5). Digits that mean something at this site keep that meaning.
 */
export function completeDigits(uri: string, { route, numbers }: Pick<Dialplan, 'route' | 'numbers'>): string {
  const digits = calledDigits(uri)
  if (phoneContext(uri) === null || route(digits).kind !== 'unknown') return digits
  return completeNumber(digits, uri, numbers)
}
