import { type NameAddr, parseNameAddr } from '../headers/name-addr.js'
import { splitList } from '../syntax/list.js'
import { unquote } from '../syntax/quoted-string.js'
import { dialled } from '../uri/dialled.js'
import { parseUri } from '../uri/uri.js'

/** Header values by name, `''` for an absent one; several values of a header are joined with commas. */
export type HeaderReader = (name: string) => string

/** The user part or telephone number of a URI; `''` if it has neither. */
type NumberReader = (uri: string) => string

/** The name and number of a caller in one header. */
export interface CallerIdentity {
  /** `''` if there is none. */
  readonly name: string
  /** Never empty. */
  readonly number: string
}

/** What a header states about the caller. `hidden`: the caller withholds their identity. `silent`: nothing. */
export type Statement = CallerIdentity | 'hidden' | 'silent'

/**
 * P-Asserted-Identity (RFC 3325 §9.1): up to two values, a SIP and a tel URI, in any order. A telephone number is preferred to any other user
 * part. If one value is malformed, the other still counts.
 */
export function assertedCaller(header: HeaderReader, numberIn: NumberReader): Statement {
  return chosenOf(addressesIn(header('P-Asserted-Identity')), numberIn)
}

/** Remote-Party-ID, which some trunks still send instead of P-Asserted-Identity. A `privacy` other than `off` hides the caller. */
export function remoteParty(header: HeaderReader, numberIn: NumberReader = dialled): Statement {
  const callers = addressesIn(header('Remote-Party-ID')).filter(({ params }) => word(params.get('party') ?? 'calling') === 'calling')
  return callers.some(({ params }) => !noPrivacy.has(word(params.get('privacy') ?? 'off'))) ? 'hidden' : chosenOf(callers, numberIn)
}

function word(value: string): string {
  return unquote(value).toLowerCase()
}

/** From; `silent` if it has no number. */
export function fromCaller(header: HeaderReader, numberIn: NumberReader): Statement {
  const address = parseNameAddr(header('From'))
  return address === null ? 'silent' : identityIn(address, numberIn)
}

/**
 * Whether the caller wants privacy: by Privacy (RFC 3323 §4.2, RFC 3325 §9.3), or by an anonymous From (RFC 3323 §4.1.1.3). `Privacy: none`
 * means that they do not, whatever From is. Phones and gateways older than RFC 3325 use Remote-Party-ID. Null if no header mentions it.
 */
export function privacyOf(header: HeaderReader): boolean | null {
  const address = parseNameAddr(header('From'))
  const isHidden = (address !== null && isAnonymous(address)) || remoteParty(header) === 'hidden'
  return privacyIn(header('Privacy')) ?? (isHidden ? true : null)
}

/** The From of an anonymous caller (RFC 3323 §4.1.1.3). */
export const hiddenCaller = '"Anonymous" <sip:anonymous@anonymous.invalid>'

/** Values that do not hide the caller: `critical` qualifies others, `session` concerns the media, `history` History-Info. */
const otherPrivacy: ReadonlySet<string> = new Set(['critical', 'session', 'history'])
const noPrivacy: ReadonlySet<string> = new Set(['none', 'off', 'no'])

/** Null if the header does not concern the caller's identity. An unknown value counts as a request for privacy, to be safe. */
function privacyIn(value: string): boolean | null {
  const values = privacyValues(value).filter((each) => !otherPrivacy.has(each))
  if (values.length === 0) return null
  return values.some((each) => !noPrivacy.has(each))
}

/** Privacy that our side gives: From, P-Asserted-Identity and other headers are without the caller, and no History-Info of theirs is sent. */
const givenPrivacy: ReadonlySet<string> = new Set(['none', 'off', 'no', 'critical', 'id', 'user', 'header', 'history'])

/**
 * The values of Privacy that are `critical` to the caller, and that we cannot provide: `session`, because the media flow directly, and
 * unknown ones. RFC 3323 §5: the request must then fail. Empty: there are none.
 */
export function unmetPrivacy(header: HeaderReader): readonly string[] {
  const values = privacyValues(header('Privacy'))
  return values.includes('critical') ? values.filter((value) => !givenPrivacy.has(value)) : []
}

function privacyValues(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/[;,\s"]+/)
    .filter((each) => each !== '')
}

function chosenOf(addresses: readonly NameAddr[], numberIn: NumberReader): Statement {
  const statements = addresses.map((address) => identityIn(address, numberIn))
  const known = statements.filter((statement): statement is CallerIdentity => typeof statement === 'object')
  const chosen = known.find(({ number }) => /^\+?[0-9]+$/.test(number)) ?? known[0]
  if (!chosen) return statements.includes('hidden') ? 'hidden' : 'silent'
  return { ...chosen, name: chosen.name || (known.find(({ name }) => name !== '')?.name ?? '') }
}

function addressesIn(text: string): readonly NameAddr[] {
  const values = splitList(text).map((value) => parseNameAddr(value))
  if (!values.includes(null)) return values.filter((value) => value !== null)
  // An unclosed quote or bracket swallows the next value, but the URI of that can still be found.
  const rest = Array.from(text.matchAll(/<([^<>]*)>/g), ([, uri = '']) => parseNameAddr(`<${uri}>`))
  return [...values, ...rest].filter((value) => value !== null)
}

/** User parts of anonymous or unknown callers. */
const anonymousUsers = /^(anonymous|restricted|private|withheld|blocked|unavailable|unknown)$/i
const anonymousHosts = /(^|\.)(anonymous|unknown)\.invalid\.?$/i
/** Display names that trunks send with a number that must not be shown. Not `Unavailable`, which means that only the name is missing. */
const hiddenNames = /^((caller|number|name|id) )?(anonymous|restricted|private|withheld|blocked)( (caller|number|name))?$/i
const missingNames = /^(unavailable|unknown)( (caller|number|name))?$/i

function isAnonymous({ display, uri }: NameAddr): boolean {
  const parsed = parseUri(uri)
  const host = parsed?.kind === 'sip' ? parsed.host : ''
  return anonymousUsers.test(dialled(uri)) || anonymousHosts.test(host) || /^anonymous$/i.test(display.trim())
}

function identityIn(address: NameAddr, numberIn: NumberReader): Statement {
  const name = address.display.trim()
  if (isAnonymous(address) || hiddenNames.test(name)) return 'hidden'
  const number = numberIn(address.uri)
  return number === '' ? 'silent' : { name: missingNames.test(name) ? '' : address.display, number }
}
