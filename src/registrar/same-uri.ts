import type { SipUri } from '../sip/uri.js'

/** Parameters that make URIs differ even where only one has them (RFC 3261 §19.1.4). */
const telling = new Set(['user', 'ttl', 'method', 'maddr', 'transport'])

/** Equality of SIP URIs (RFC 3261 §19.1.4). A port left out is not the port 5060. */
export function isSameUri(left: SipUri, right: SipUri): boolean {
  return (
    left.scheme === right.scheme &&
    decoded(left.user) === decoded(right.user) &&
    decoded(left.password) === decoded(right.password) &&
    left.host.toLowerCase() === right.host.toLowerCase() &&
    left.port === right.port &&
    agree(left, right) &&
    agree(right, left) &&
    headersOf(left) === headersOf(right)
  )
}

/** Null and `''` differ: `sip:@host` is no `sip:host`. Only escapes of characters that need none are equal to them. */
function decoded(text: string | null): string | null {
  return (
    text?.replace(/%([0-9a-f]{2})/gi, (escaped, code: string) => {
      const character = String.fromCharCode(Number.parseInt(code, 16))
      return /[A-Za-z0-9\-_.!~*'()]/.test(character) ? character : escaped.toUpperCase()
    }) ?? null
  )
}

function agree(left: SipUri, right: SipUri): boolean {
  for (const [name, value] of left.params) {
    const other = right.params.get(name)
    if (other === undefined ? telling.has(name) : (other ?? '').toLowerCase() !== (value ?? '').toLowerCase()) return false
  }
  return true
}

function headersOf({ headers }: SipUri): string {
  return headers
    .map(({ name, value }) => `${name.toLowerCase()}=${decoded(value) ?? ''}`)
    .sort()
    .join('&')
}
