import type { SipRequest } from '../../../sip/message/message.js'
import { dialled, emergencyDigits, isEmergencyService } from '../../../sip/uri/dialled.js'

/** True for a call to one of these numbers, or to the emergency service. */
export type IsEmergency = (request: SipRequest) => boolean

/** Digits for an outside line before an emergency number of another site. */
const maxPrefixLength = 3

/** The longest pattern of a dial plan. */
const maxCodeLength = 32

/** True for a call to one of these numbers, also behind a few digits for an outside line, or behind a code for another site. */
export function possibleEmergencyCallsTo(numbers: readonly string[]): (request: SipRequest) => boolean {
  const known = new Set(numbers)
  return ({ uri }) => {
    const digits = emergencyDigits(dialled(uri))
    const last = isCode(digits) ? maxCodeLength : maxPrefixLength
    for (let from = 0; from <= last; from += 1) if (known.has(digits.slice(from))) return true
    return false
  }
}

/** The number may follow codes for other sites; those before the last are known by the `*` or `#` with which they begin or end. */
export function emergencyCallsTo(numbers: readonly string[]): IsEmergency {
  const known = new Set(numbers)
  const isKnown = (digits: string): boolean =>
    known.has(digits) || (isCode(digits) && suffixesAtSigns(digits).some((rest) => known.has(rest)))
  return ({ method, uri, to }) =>
    method === 'INVITE' && to.tag === '' && (isKnown(emergencyDigits(dialled(uri))) || isEmergencyService(uri))
}

function isCode(digits: string): boolean {
  return /^[*#]/.test(digits)
}

/** The digits from each of the last `*` and `#`, with and without that sign. */
function suffixesAtSigns(digits: string): readonly string[] {
  const signs = Array.from(
    digits.slice(-maxCodeLength).matchAll(/[*#]/g),
    ({ index }) => Math.max(0, digits.length - maxCodeLength) + index,
  )
  return signs.flatMap((at) => [digits.slice(at), digits.slice(at + 1)])
}
