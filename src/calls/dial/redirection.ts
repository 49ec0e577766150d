import type { Dialplan } from '../../dialplan/dialplan.js'
import type { User } from '../../directory/directory.js'
import { diversionHeader, printDiversions } from '../../sip/diversion/diversion-header.js'
import { nameAddr, parseNameAddr, printNameAddr } from '../../sip/headers/name-addr.js'
import { splitList } from '../../sip/syntax/list.js'
import { dialled } from '../../sip/uri/dialled.js'
import { sipUri } from '../../sip/uri/sip-uri.js'
import { parseUri } from '../../sip/uri/uri.js'
import { sameHost } from '../../sip/uri/uri-equality.js'
import type { SipHeaders, SipReply } from '../../srf/srf.js'
import { completeDigits } from '../routing/called-digits.js'
import type { Redirection } from '../routing/contract.js'

/** Contacts of a redirection that are read. */
const maxContacts = 5

/**
 * The numbers in a 300, 301 or 302, highest q first (RFC 3261 §8.1.3.4). Only the number counts, and the dial plan routes it: no call goes to
 * an address that a phone has chosen. A number may be local to a country that it names (RFC 3966 §5.1.5). `isOurs` recognises URIs of this network; only telephone numbers are accepted at other hosts.
 */
export function redirectNumbers(
  response: SipReply,
  isOurs: (uri: string) => boolean,
  dialplan: Pick<Dialplan, 'route' | 'numbers'>,
): readonly string[] {
  const contacts = splitList(response.header('Contact'))
    .slice(0, maxContacts)
    .flatMap((value) => parseNameAddr(value) ?? [])
  const sorted = contacts.toSorted((one, other) => preference(other.params.get('q')) - preference(one.params.get('q')))
  const numbers = sorted.filter(({ uri }) => isTelephone(uri) || isOurs(uri)).map(({ uri }) => completeDigits(uri, dialplan))
  return [...new Set(numbers.filter((number) => /^[+0-9*#]{1,32}$/.test(number)))]
}

function preference(q: string | null | undefined): number {
  return q !== null && q !== undefined && /^(?=[0-9.]*[0-9])[01]?(\.[0-9]{0,9})?$/.test(q) ? Number(q) : 1
}

function isTelephone(uri: string): boolean {
  const parsed = parseUri(uri)
  if (parsed?.kind === 'tel') return true
  return parsed?.kind === 'sip' && (parsed.params.get('user')?.toLowerCase() === 'phone' || dialled(uri).startsWith('+'))
}

/**
 * Why the phone redirects the call: it may say so in Diversion (RFC 5806 §5.1), and may ask with Privacy not to be named (RFC 7044 §10.1.2).
 */
export function redirectionOf({ header }: Pick<SipReply, 'header'>): Redirection {
  const stated = diversionHeader(header).at(-1)
  const isPrivate = stated?.isPrivate === true || /\b(history|header|user|id)\b/i.test(header('Privacy'))
  return { reason: stated && stated.reason !== 'unknown' ? stated.reason : 'deflection', isPrivate }
}

interface Redirecting extends Redirection {
  readonly user: User
  readonly domain: string
}

/** Headers of a redirection that we send to another node. */
export function redirectHeaders(numbers: readonly string[], { user, domain, ...as }: Redirecting): SipHeaders {
  const forward = { number: user.extension, name: '', times: 1, ...as }
  return {
    Contact: redirectContact(numbers, domain),
    Diversion: printDiversions([forward], ({ number }) => sipUri({ user: number, host: domain })),
  }
}

function redirectContact(numbers: readonly string[], domain: string): string {
  return numbers
    .map((number, index) => printNameAddr(nameAddr(sipUri({ user: number, host: domain }), '', new Map([['q', `0.${9 - index}`]]))))
    .join(', ')
}

export function sameHostIn(one: string, other: string): boolean {
  const [a, b] = [parseUri(one), parseUri(other)]
  return a?.kind === 'sip' && b?.kind === 'sip' && sameHost(a.host, b.host)
}
