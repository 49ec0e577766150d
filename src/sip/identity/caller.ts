import { type NameAddr, parseNameAddr } from '../headers/name-addr.js'
import { splitList } from '../syntax/list.js'
import { unquote } from '../syntax/quoted-string.js'
import { dialled } from '../uri/dialled.js'
import { parseUri } from '../uri/uri.js'

/** Header values by name, `''` for an absent one; several values of a header are joined with commas. */
export type HeaderReader = (name: string) => string

/** The name and number of a caller, as a header shows them. */
interface CallerIdentity {
  /** `''` without. */
  readonly name: string
  /** Never empty. */
  readonly number: string
}

/** What a header says of the caller. `hidden`: the caller is to stay unknown; `silent`: nothing. */
export type Statement = CallerIdentity | 'hidden' | 'silent'

/**
 * P-Asserted-Identity (RFC 3325 §9.1): up to two values, a SIP and a tel URI, in any order. A telephone number is preferred to another user
 * part. A malformed value does not spoil the other.
 */
export function assertedCaller(header: HeaderReader): Statement {
  return chosenOf(addressesIn(header('P-Asserted-Identity')))
}

/** Remote-Party-ID, which some carriers still send in place of P-Asserted-Identity. `privacy` other than `off` hides the caller. */
export function remoteParty(header: HeaderReader): Statement {
  const callers = addressesIn(header('Remote-Party-ID')).filter(({ params }) => word(params.get('party') ?? 'calling') === 'calling')
  return callers.some(({ params }) => !noPrivacy.has(word(params.get('privacy') ?? 'off'))) ? 'hidden' : chosenOf(callers)
}

function word(value: string): string {
  return unquote(value).toLowerCase()
}

/** From, `silent` where it shows no number. */
export function fromCaller(header: HeaderReader): Statement {
  const address = parseNameAddr(header('From'))
  return address === null ? 'silent' : identityIn(address)
}

/**
 * Whether the caller wants to stay unknown: by Privacy (RFC 3323 §4.2, RFC 3325 §9.3), or by an anonymous From alone (RFC 3323 §4.1.1.3).
 * `Privacy: none` says that the caller does not, whatever From is. Phones and gateways of before RFC 3325 say it in Remote-Party-ID. Null:
 * nothing speaks of it.
 */
export function privacyOf(header: HeaderReader): boolean | null {
  const address = parseNameAddr(header('From'))
  const isHidden = (address !== null && isAnonymous(address)) || remoteParty(header) === 'hidden'
  return privacyIn(header('Privacy')) ?? (isHidden ? true : null)
}

/** From of a caller who is not to be known (RFC 3323 §4.1.1.3). */
export const hiddenCaller = '"Anonymous" <sip:anonymous@anonymous.invalid>'

/** Values that do not ask to hide who calls: `critical` goes with others, `session` is about the media, `history` about History-Info. */
const otherPrivacy: ReadonlySet<string> = new Set(['critical', 'session', 'history'])
const noPrivacy: ReadonlySet<string> = new Set(['none', 'off', 'no'])

/** Null where the header does not speak of who calls. An unknown value asks for privacy: it is better given than refused. */
function privacyIn(value: string): boolean | null {
  const wishes = value
    .toLowerCase()
    .split(/[;,\s"]+/)
    .filter((wish) => wish !== '' && !otherPrivacy.has(wish))
  if (wishes.length === 0) return null
  return wishes.some((wish) => !noPrivacy.has(wish))
}

function chosenOf(addresses: readonly NameAddr[]): Statement {
  const statements = addresses.map(identityIn)
  const known = statements.filter((statement): statement is CallerIdentity => typeof statement === 'object')
  const chosen = known.find(({ number }) => /^\+?[0-9]+$/.test(number)) ?? known[0]
  if (!chosen) return statements.includes('hidden') ? 'hidden' : 'silent'
  return { ...chosen, name: chosen.name || (known.find(({ name }) => name !== '')?.name ?? '') }
}

function addressesIn(text: string): readonly NameAddr[] {
  const values = splitList(text).map((value) => parseNameAddr(value))
  if (!values.includes(null)) return values.filter((value) => value !== null)
  // A quote or bracket that does not close swallows the value behind it, whose URI can still be read.
  const rest = Array.from(text.matchAll(/<([^<>]*)>/g), ([, uri = '']) => parseNameAddr(`<${uri}>`))
  return [...values, ...rest].filter((value) => value !== null)
}

/** User parts of callers that are not to be known, or not known. */
const anonymousUsers = /^(anonymous|restricted|private|withheld|blocked|unavailable|unknown)$/i
const anonymousHosts = /(^|\.)(anonymous|unknown)\.invalid\.?$/i
/** Display names that carriers put beside a number that is not to be shown. Not `Unavailable`: there the name alone is missing. */
const hiddenNames = /^((caller|number|name|id) )?(anonymous|restricted|private|withheld|blocked)( (caller|number|name))?$/i
const missingNames = /^(unavailable|unknown)( (caller|number|name))?$/i

function isAnonymous({ display, uri }: NameAddr): boolean {
  const parsed = parseUri(uri)
  const host = parsed?.kind === 'sip' ? parsed.host : ''
  return anonymousUsers.test(dialled(uri)) || anonymousHosts.test(host) || /^anonymous$/i.test(display.trim())
}

function identityIn(address: NameAddr): Statement {
  const name = address.display.trim()
  if (isAnonymous(address) || hiddenNames.test(name)) return 'hidden'
  const number = dialled(address.uri)
  return number === '' ? 'silent' : { name: missingNames.test(name) ? '' : address.display, number }
}
