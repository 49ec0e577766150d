/**
 * The beginning of the global numbers to which the local number in a URI belongs (RFC 3966 §5.1.5): `+33` or `+1914555`, without visual
 * separators. Null if there is none, or a domain name, which only its owner understands. In a SIP URI it belongs to the user part (RFC 3261
 * §19.1.6).
 */
export function phoneContext(uri: string): string | null {
  const [, text = ''] = /;phone-context=(\+[0-9().-]{1,40})(?=[;@?>]|$)/i.exec(uri) ?? []
  const digits = text.replace(/[().-]/g, '')
  return /^\+[1-9][0-9]{0,14}$/.test(digits) ? digits : null
}
