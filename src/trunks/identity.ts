import { parseExtension } from '../base/identity.js'
import type { Dialplan, Trunk } from '../dialplan/dialplan.js'
import { dialled } from '../sip/dialled.js'
import { assertedCaller, fromCaller, hiddenCaller, privacyOf, remoteParty } from '../sip/identity/caller.js'
import { nameAddr, parseNameAddr, printNameAddr } from '../sip/name-addr.js'
import { printUri, withUser } from '../sip/uri.js'
import type { IncomingRequest, OutgoingParts, SipCredentials, SipHeaders } from '../srf/srf.js'

/** Who calls, as the other side shall see it. */
export interface OutsideParty {
  /** `''` where nothing is known. */
  readonly name: string
  /** An extension or a number. */
  readonly number: string
  /** RFC 3323: the caller wants to stay unknown. */
  readonly isPrivate: boolean
  /** False for a number that only its caller has given; the network asserts any other. */
  readonly isAsserted?: boolean
}

export interface OutgoingCall {
  readonly uri: string
  readonly parts: OutgoingParts
}

const unknown: OutsideParty = { name: '', number: 'anonymous', isPrivate: true, isAsserted: false }

/** The call as the carrier wants it: its own host in all addresses, the number it knows as caller, our name with it. */
export function outgoingCall(trunk: Trunk, number: string, party: OutsideParty, dialplan: Dialplan): OutgoingCall {
  const credentials = credentialsOf(trunk)
  return {
    uri: addressAt(trunk, number),
    parts: {
      headers: callerHeaders(trunk, party, dialplan),
      ...(credentials ? { credentials } : {}),
    },
  }
}

/** Our account at the carrier; null if it needs none. */
export function credentialsOf({ username, password }: Trunk): SipCredentials | null {
  return username !== null && password !== null ? { username, password } : null
}

/** Of a caller who wants to stay unknown only a carrier inside the trust domain learns the number (RFC 3325 §7, RFC 3323 §4.1.1.3). */
function callerHeaders(trunk: Trunk, party: OutsideParty, dialplan: Dialplan): SipHeaders {
  const uri = callerUri(trunk, party, dialplan)
  const known = uri === null ? null : printNameAddr(nameAddr(uri, party.name))
  const isTold = party.isAsserted !== false && (!party.isPrivate || trunk.trust === 'full')
  return {
    From: party.isPrivate || known === null ? hiddenCaller : known,
    ...(known !== null && isTold ? { 'P-Asserted-Identity': known } : {}),
    ...(party.isPrivate ? { Privacy: 'id' } : {}),
  }
}

/** Who calls, as that carrier is shown it; null where there is no number to show. */
export function callerUri(trunk: Trunk, party: OutsideParty, dialplan: Dialplan): string | null {
  const number = shownNumber(trunk, party, dialplan)
  return number === null ? null : addressAt(trunk, number, 'bare')
}

/** An extension means nothing outside: its number is shown, else the line's. Any other number was chosen and is shown as it is. */
function shownNumber(trunk: Trunk, { number }: OutsideParty, dialplan: Dialplan): string | null {
  const extension = dialplan.route(number).kind === 'user' ? parseExtension(number) : null
  if (extension !== null) return dialplan.callerId(extension) ?? trunk.callerId ?? trunk.username
  return /^\+?[0-9]+$/.test(number) ? number : (trunk.callerId ?? trunk.username)
}

/** `sip:+33123@192.0.2.20:5060;transport=udp`; `bare` without port and parameters, for a name and not a destination. */
function addressAt(trunk: Trunk, number: string, form: 'whole' | 'bare' = 'whole'): string {
  const address = withUser(trunk.uri, number)
  if (address === null) return trunk.uri
  return printUri(form === 'whole' ? address : { ...address, port: null, params: new Map() })
}

/**
 * Who calls from outside: P-Asserted-Identity of the carrier, else Remote-Party-ID, else From (RFC 3325 §5). Of a caller who wants to stay
 * unknown nothing is taken: then no phone, log or record can show it. `trunk`: where the call came from.
 */
export function callerOf({ header }: IncomingRequest, trunk: Pick<Trunk, 'trust'> | null): OutsideParty {
  const from = fromCaller(header)
  if (privacyOf(header) ?? from === 'hidden') return unknown
  const sources = trunk?.trust === 'none' ? [] : [assertedCaller(header), remoteParty(header)]
  const stated = [...sources, from].find((statement) => statement !== 'silent') ?? 'silent'
  if (typeof stated === 'string') return unknown
  return { ...stated, isPrivate: false, isAsserted: stated === sources[0] }
}

/** The number a carrier's call is for: in the Request-URI, or in To where the Request-URI names only the line. */
export function calledNumber(request: IncomingRequest, dialplan: Dialplan): string {
  const forms = [request.uri, parseNameAddr(request.header('To'))?.uri ?? ''].flatMap(numbersOf)
  return forms.find((number) => dialplan.did(number) !== null) ?? dialled(request.uri)
}

/** A number, and the same with the country code that is its context: `tel:0612;phone-context=+33` is +33612 (RFC 3966 §5.1.5). */
function numbersOf(uri: string): readonly string[] {
  const number = dialled(uri)
  const [, context] = /;phone-context=(\+[0-9]{1,4})(?![0-9])/i.exec(uri) ?? []
  return context === undefined || number.startsWith('+')
    ? [number]
    : [number, `${context}${number}`, `${context}${number.replace(/^0/, '')}`]
}
