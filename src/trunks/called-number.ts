import { type NetworkNumbers, ownerOfNumber, type Trunk } from '../dialplan/dialplan.js'
import { parseNameAddr } from '../sip/headers/name-addr.js'
import { dialled } from '../sip/uri/dialled.js'
import { phoneContext } from '../sip/uri/phone-context.js'
import type { IncomingRequest } from '../srf/srf.js'

/** How the call has come to us. */
export interface Arrival {
  /** Null if no trunk has sent the call. */
  readonly trunk: Trunk | null
  /** The Request-URI is our Contact at the trunk, so the number called is elsewhere. */
  readonly isToContact: boolean
}

/**
 * The number called: from the Request-URI, from P-Called-Party-ID (RFC 7315 §4.2), or from To if the Request-URI names only the trunk or our
 * Contact there. The first that belongs to a user counts. A call to our account, without a number, is for the number of the trunk.
 */
export function calledNumber({ uri, header }: IncomingRequest, { trunk, isToContact }: Arrival, numbers: NetworkNumbers): string {
  const knownNumber = (each: string) => numbersOf(each).find((number) => ownerOfNumber(number, numbers) !== null)
  const asked = isToContact ? undefined : knownNumber(uri)
  if (asked !== undefined) return asked
  const [called = '', to = ''] = ['P-Called-Party-ID', 'To'].map((name) => parseNameAddr(header(name))?.uri)
  const named = [called, to].filter((each) => each !== '')
  for (const each of named) {
    const known = knownNumber(each)
    if (known !== undefined) return known
  }
  const uris = isToContact || uri === '' ? named : [uri, ...named]
  const isToAccount = uris.some((each) => isAccount(dialled(each), trunk))
  return isToAccount && trunk?.callerId ? trunk.callerId : dialled(uris[0] ?? '')
}

function isAccount(user: string, trunk: Trunk | null): boolean {
  return trunk?.registration !== undefined && [trunk.username, dialled(trunk.registration.aor)].includes(user)
}

/** A number with the country code of its context, and as written: `tel:0612;phone-context=+33` is +33612 (RFC 3966 §5.1.5). */
function numbersOf(uri: string): readonly string[] {
  const number = dialled(uri)
  const context = phoneContext(uri)
  return context === null || number.startsWith('+') ? [number] : [`${context}${number.replace(/^0/, '')}`, `${context}${number}`, number]
}
