import { nameAddr, parseNameAddr, printNameAddr } from '../../sip/headers/name-addr.js'
import { splitList } from '../../sip/syntax/list.js'
import { dialled } from '../../sip/uri/dialled.js'
import { sipUri } from '../../sip/uri/sip-uri.js'
import { parseUri } from '../../sip/uri/uri.js'
import { sameHost } from '../../sip/uri/uri-equality.js'
import type { SipReply } from '../../srf/srf.js'

/** Contacts of a redirection that are read. */
const maxContacts = 5

/**
 * The numbers in a 300, 301 or 302, highest q first (RFC 3261 §8.1.3.4). Only the number counts, and the dial plan routes it: no call goes to
 * an address that a phone has chosen. `isOurs` recognises URIs of this network; only telephone numbers are accepted at other hosts.
 */
export function redirectNumbers(response: SipReply, isOurs: (uri: string) => boolean): readonly string[] {
  const contacts = splitList(response.header('Contact'))
    .slice(0, maxContacts)
    .flatMap((value) => parseNameAddr(value) ?? [])
  const sorted = contacts.toSorted((one, other) => preference(other.params.get('q')) - preference(one.params.get('q')))
  const numbers = sorted.filter(({ uri }) => isTelephone(uri) || isOurs(uri)).map(({ uri }) => dialled(uri))
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

/** Contact of a redirection that we send to another node. */
export function redirectContact(numbers: readonly string[], domain: string): string {
  return numbers
    .map((number, index) => printNameAddr(nameAddr(sipUri({ user: number, host: domain }), '', new Map([['q', `0.${9 - index}`]]))))
    .join(', ')
}

export function sameHostIn(one: string, other: string): boolean {
  const [a, b] = [parseUri(one), parseUri(other)]
  return a?.kind === 'sip' && b?.kind === 'sip' && sameHost(a.host, b.host)
}
