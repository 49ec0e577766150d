import type { SipHeaders } from './contract.js'

/**
 * drachtio-srf joins several values of a header with commas. Lines that must stay apart (challenges: RFC 3261 §7.3.1)
 * travel as one value that already holds the line breaks.
 */
export function flattenHeaders(headers: SipHeaders = {}): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    const lines = typeof value === 'string' ? [value] : value
    if (lines.length > 0) flat[name] = lines.map(oneLine).join(`\r\n${name}: `)
  }
  return flat
}

/** The same for a message with a body. One that nobody has named a type for is a session description: the SIP server refuses a body without. */
export function headersOf(body: string | undefined, headers: SipHeaders = {}): Record<string, string> {
  const flat = flattenHeaders(headers)
  const isTyped = Object.keys(flat).some((name) => name.toLowerCase() === 'content-type')
  return body && !isTyped ? { ...flat, 'Content-Type': 'application/sdp' } : flat
}

// A value that came from outside must not smuggle in a header of its own.
function oneLine(value: string): string {
  return /[\r\n]/.test(value) ? value.replace(/[\r\n]+/g, ' ') : value
}

/** The headers of a second attempt: those of the first, replaced where the second has its own. */
export function again(first: SipHeaders, second: SipHeaders): SipHeaders {
  const replaced = new Set(Object.keys(second).map((name) => name.toLowerCase()))
  return { ...Object.fromEntries(Object.entries(first).filter(([name]) => !replaced.has(name.toLowerCase()))), ...second }
}
