import { parseExtension } from '../base/identity.js'
import { type CallerHeader, type Dialplan, numberIn, type Trunk } from '../dialplan/dialplan.js'
import { nameAddr, printNameAddr } from '../sip/headers/name-addr.js'
import {
  assertedCaller,
  type CallerIdentity,
  fromCaller,
  hiddenCaller,
  privacyOf,
  remoteParty,
  type Statement,
} from '../sip/identity/caller.js'
import { anonymous, type Party } from '../sip/identity/party.js'
import { dialled } from '../sip/uri/dialled.js'
import { withUser } from '../sip/uri/sip-uri.js'
import { printUri } from '../sip/uri/uri.js'
import type { IncomingRequest, OutgoingParts, SipCredentials, SipHeaders } from '../srf/srf.js'

export interface OutgoingCall {
  readonly uri: string
  readonly parts: OutgoingParts
}

const unknownCaller: Party = { ...anonymous, name: '' }

/** A call in the form that the trunk expects: its host in all addresses, a caller number that it knows, our credentials. */
export function outgoingCall(trunk: Trunk, number: string, party: Party, dialplan: Dialplan): OutgoingCall {
  const credentials = credentialsOf(trunk)
  return {
    uri: addressAt(trunk, number),
    parts: {
      headers: callerHeaders(trunk, party, dialplan),
      ...(credentials ? { credentials } : {}),
    },
  }
}

/** Our account at the trunk; null if it needs none. */
export function credentialsOf({ username, password }: Trunk): SipCredentials | null {
  return username !== null && password !== null ? { username, password } : null
}

/** Only a trunk inside the trust domain learns the number of an anonymous caller (RFC 3325 §7, RFC 3323 §4.1.1.3). */
function callerHeaders(trunk: Trunk, party: Party, dialplan: Dialplan): SipHeaders {
  const uri = callerUri(trunk, party, dialplan)
  const shown = uri === null ? null : printNameAddr(nameAddr(uri, party.name))
  const account = accountUri(trunk)
  const isAsserted = party.isAsserted && (!party.isPrivate || trunk.trust === 'full')
  const { callerIn: places } = trunk
  const identity = (name: CallerHeader, value: string): SipHeaders => (isAsserted && places.includes(name) ? { [name]: value } : {})
  return {
    ...trunk.headers,
    From: fromHeader(trunk, party, { shown: places.includes('From') || account === null ? shown : `<${account}>`, account }),
    ...(uri === null || shown === null
      ? {}
      : {
          ...identity('P-Asserted-Identity', [shown, ...telForm(trunk, uri)].join(', ')),
          // RFC 3325 §9.2: a client outside the trust domain asks for this identity.
          ...identity('P-Preferred-Identity', shown),
          ...identity('Remote-Party-ID', `${shown};party=calling;privacy=${party.isPrivate ? 'full' : 'off'};screen=yes`),
        }),
    ...(party.isPrivate ? { Privacy: 'id' } : {}),
  }
}

function fromHeader(
  { anonymousFrom }: Trunk,
  { isPrivate }: Party,
  known: { readonly shown: string | null; readonly account: string | null },
) {
  if (!isPrivate) return known.shown ?? hiddenCaller
  return anonymousFrom === 'account' && known.account !== null ? `"Anonymous" <${known.account}>` : hiddenCaller
}

/** Our account at the trunk; null without one. */
function accountUri(trunk: Trunk): string | null {
  if (trunk.registration) return trunk.registration.aor
  return trunk.username === null ? null : addressAt(trunk, trunk.username, 'bare')
}

/** The same number as a tel URI (RFC 3966 §5.1.4), in global form only. */
function telForm({ telIdentity }: Trunk, uri: string): readonly string[] {
  const number = dialled(uri)
  return telIdentity && /^\+[0-9]+$/.test(number) ? [`<tel:${number}>`] : []
}

/** The caller as this trunk is shown it; null if there is no number to show. */
export function callerUri(trunk: Trunk, party: Party, dialplan: Dialplan): string | null {
  const number = shownNumber(trunk, party, dialplan)
  return number === null ? null : addressAt(trunk, number, 'bare')
}

/** An extension means nothing outside: its direct number is shown, else the trunk's, else our account. */
function shownNumber(trunk: Trunk, { number }: Party, dialplan: Dialplan): string | null {
  const extension = dialplan.route(number).kind === 'user' ? parseExtension(number) : null
  const own = extension === null && /^\+?[0-9]+$/.test(number) ? number : null
  const shown = own ?? (extension === null ? null : dialplan.callerId(extension)) ?? trunk.callerId
  if (shown === null) return trunk.username
  return trunk.callerNumbers === undefined ? shown : dialplan.numbers.written(shown, trunk.callerNumbers)
}

/** `sip:+33123@192.0.2.20:5060;transport=udp`; `bare` leaves out port and parameters, for an identity rather than a destination. */
function addressAt(trunk: Trunk, number: string, form: 'whole' | 'bare' = 'whole'): string {
  const address = withUser(trunk.uri, number)
  if (address === null) return trunk.uri
  return printUri(form === 'whole' ? address : { ...address, port: null, params: new Map() })
}

/**
 * The caller of a call from outside: P-Asserted-Identity if the trunk is trusted, else Remote-Party-ID, else From (RFC 3325 §5). The identity
 * of an anonymous caller is dropped here, so that no phone, log or record can show it. `trunk`: where the call came from.
 */
export function callerOf({ header }: IncomingRequest, trunk: Pick<Trunk, 'trust'> | null, { numbers }: Pick<Dialplan, 'numbers'>): Party {
  const read = (uri: string): string => numberIn(uri, numbers)
  const from = fromCaller(header, read)
  if (privacyOf(header) ?? from === 'hidden') return unknownCaller
  const sources = trunk?.trust === 'none' ? [] : [assertedCaller(header, read), remoteParty(header, read)]
  const stated = [...sources, from].find((statement) => statement !== 'silent') ?? 'silent'
  if (typeof stated === 'string') return unknownCaller
  return { ...stated, name: nameOf(stated, from), isPrivate: false, isAsserted: stated === sources[0] }
}

/** Many trunks assert the number alone and leave the name in From. It is the name of that number only if From has the same. */
function nameOf({ name, number }: CallerIdentity, from: Statement): string {
  return name === '' && typeof from === 'object' && from.number === number ? from.name : name
}
