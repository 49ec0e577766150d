import type { SipHeaders } from './contract.js'

/**
 * drachtio-srf joins the values of a header with commas. Lines that must stay separate (challenges: RFC 3261 §7.3.1) become one value that
 * contains the line breaks.
 */
export function flattenHeaders(headers: SipHeaders = {}): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const lines = typeof value === 'string' ? [value] : value
    if (lines.length > 0) flat[name] = lines.map(oneLine).join(`\r\n${name}: `)
  }
  return flat
}

/** The same for a message with a body. The SIP server refuses a body without a type; the default is a session description. */
export function headersOf(body: string | undefined, headers: SipHeaders = {}): Record<string, string> {
  const flat = flattenHeaders(headers)
  const isTyped = Object.keys(flat).some((name) => name.toLowerCase() === 'content-type')
  return body && !isTyped ? { ...flat, 'Content-Type': 'application/sdp' } : flat
}

// A value from the network must not inject a header.
function oneLine(value: string): string {
  return /[\r\n]/.test(value) ? value.replace(/[\r\n]+/g, ' ') : value
}

/** The headers of a second attempt: those of the first, except for those that `second` replaces. */
export function withReplaced(first: SipHeaders, second: SipHeaders): SipHeaders {
  const replaced = new Set(Object.keys(second).map((name) => name.toLowerCase()))
  return { ...Object.fromEntries(Object.entries(first).filter(([name]) => !replaced.has(name.toLowerCase()))), ...second }
}
