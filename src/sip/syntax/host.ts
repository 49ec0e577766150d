import { isIPv6 } from 'node:net'
import { colon, isDigit, isHex, isLetter, leftBracket } from './characters.js'

export interface HostPort {
  /** IPv6 without brackets. */
  readonly host: string
  readonly port: number | null
  readonly end: number
}

/** `host[:port]` at `from`; stops at the first character that is of neither. Null where there is no host. */
export function parseHostPort(text: string, from: number, to: number): HostPort | null {
  if (text.charCodeAt(from) === leftBracket) {
    const close = text.indexOf(']', from)
    const host = text.slice(from + 1, close)
    if (close < 0 || close >= to || !isIpv6(host)) return null
    return withPort(text, host, close + 1, to)
  }
  const end = endOfHost(text, from, to)
  const host = text.slice(from, end)
  return isHost(host) ? withPort(text, host, end, to) : null
}

function withPort(text: string, host: string, from: number, to: number): HostPort | null {
  if (from >= to || text.charCodeAt(from) !== colon) return { host, port: null, end: from }
  let port = 0
  let at = from + 1
  while (at < to && isDigit(text.charCodeAt(at)) && port <= 65_535) {
    port = port * 10 + text.charCodeAt(at) - 0x30
    at += 1
  }
  return at > from + 1 && port <= 65_535 ? { host, port, end: at } : null
}

function endOfHost(text: string, from: number, to: number): number {
  let at = from
  while (at < to) {
    const code = text.charCodeAt(at)
    // Underscores are no part of a host name, but networks have them.
    if (!isLetter(code) && !isDigit(code) && code !== 0x2d && code !== 0x2e && code !== 0x5f) break
    at += 1
  }
  return at
}

/** A host name or an IPv4 address (RFC 3261 §25.1 hostname: no empty label, the last one begins with a letter). */
function isHost(text: string): boolean {
  if (text.length === 0) return false
  let previous = 0x2e
  let labelStart = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 0x2e) {
      if (previous === 0x2e || previous === 0x2d) return false
      if (at < text.length - 1) labelStart = at + 1
    } else if (code === 0x2d && previous === 0x2e) return false
    previous = code
  }
  if (previous === 0x2d) return false
  return isDigit(text.charCodeAt(labelStart)) ? isIpv4(text) : true
}

function isIpv4(text: string): boolean {
  let parts = 1
  let digits = 0
  let value = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 0x2e) {
      parts += 1
      digits = 0
      value = 0
    } else if (isDigit(code)) {
      digits += 1
      value = value * 10 + code - 0x30
      if (digits > 3 || value > 255) return false
    } else return false
  }
  return parts === 4 && digits > 0
}

function isIpv6(text: string): boolean {
  if (text.length > 45) return false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (!isHex(code) && code !== colon && code !== 0x2e) return false
  }
  // RFC 5118 §4.10: a colon too many before an IPv4 part is what the grammar of RFC 3261 led some to write.
  return isIPv6(text.replace(':::', '::'))
}

/** `192.0.2.7:5060`, `[2001:db8::1]`: brackets where the host is IPv6. */
export function printHostPort(host: string, port: number | null): string {
  const shown = host.includes(':') ? `[${host}]` : host
  return port === null ? shown : `${shown}:${port}`
}

/** An IPv6 address as one number; null for text that is none. */
export function ipv6Value(text: string): bigint | null {
  if (!isIpv6(text)) return null
  const [head = '', tail] = withoutIpv4(text.replace(':::', '::')).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(8 - left.length - right.length).fill('0')
  return [...left, ...zeros, ...right].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}

/** `::ffff:192.0.2.1` as `::ffff:c000:201`. */
function withoutIpv4(text: string): string {
  const start = text.lastIndexOf(':') + 1
  if (!text.includes('.')) return text
  const [a = 0, b = 0, c = 0, d = 0] = text.slice(start).split('.').map(Number)
  return `${text.slice(0, start)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}
