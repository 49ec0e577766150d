import { isIPv6 } from 'node:net'
import { colon, dot, endOfLabel, isDigit, isHex, leftBracket, rightBracket, skipBlanks } from './characters.js'

/** The position of a host and its port. */
export interface HostPlace {
  /** Without the brackets of IPv6. */
  readonly start: number
  readonly hostEnd: number
  readonly port: number | null
  readonly end: number
}

/** Finds `host[:port]` at `from`; stops at the first character that belongs to neither. Null without a host. */
export function findHostPort(text: string, from: number, to: number): HostPlace | null {
  const host = findHost(text, from, to)
  if (!host || host.end >= to || text.charCodeAt(host.end) !== colon) return host
  return withPort(text, host, host.end + 1, to)
}

/** The same for the sent-by of a Via, which allows blanks around the colon. */
export function findSentBy(text: string, from: number, to: number): HostPlace | null {
  const host = findHost(text, from, to)
  const colonAt = host ? skipBlanks(text, host.end, to) : to
  if (!host || colonAt === to || text.charCodeAt(colonAt) !== colon) return host
  return withPort(text, host, skipBlanks(text, colonAt + 1, to), to)
}

function findHost(text: string, from: number, to: number): HostPlace | null {
  if (text.charCodeAt(from) === leftBracket) {
    const close = endOfIpv6(text, from + 1, to)
    if (text.charCodeAt(close) !== rightBracket || close >= to || !isIpv6(text.slice(from + 1, close))) return null
    return { start: from + 1, hostEnd: close, port: null, end: close + 1 }
  }
  const hostEnd = endOfHost(text, from, to)
  return hostEnd < 0 ? null : { start: from, hostEnd, port: null, end: hostEnd }
}

function withPort(text: string, { start, hostEnd }: HostPlace, from: number, to: number): HostPlace | null {
  let port = 0
  let at = from
  while (at < to && isDigit(text.charCodeAt(at)) && port <= 65_535) {
    port = port * 10 + text.charCodeAt(at) - 0x30
    at += 1
  }
  return at > from && port <= 65_535 ? { start, hostEnd, port, end: at } : null
}

/**
 * Where a host name or an IPv4 address ends; -1 if there is none (RFC 3261 §25.1 hostname). Real host names exceed that grammar: container
 * names have underscores, and labels that begin with a digit or a hyphen. Several labels of which the last is numeric must be an IPv4
 * address.
 */
function endOfHost(text: string, from: number, to: number): number {
  let label = from
  let end = endOfLabel(text, from, to)
  while (end < to && text.charCodeAt(end) === dot) {
    const next = endOfLabel(text, end + 1, to)
    // A trailing dot is allowed.
    if (next === end + 1) return isValidHost(text, from, label, end) ? next : -1
    if (label === end) return -1
    label = end + 1
    end = next
  }
  return isValidHost(text, from, label, end) ? end : -1
}

function isValidHost(text: string, from: number, lastLabel: number, to: number): boolean {
  if (to === lastLabel) return false
  return lastLabel === from || !isNumber(text, lastLabel, to) || isIpv4(text, from, to)
}

function isNumber(text: string, from: number, to: number): boolean {
  let at = from
  while (at < to && isDigit(text.charCodeAt(at))) at += 1
  return at === to
}

function isIpv4(text: string, from: number, to: number): boolean {
  let parts = 1
  let digits = 0
  let value = 0
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at)
    if (code === dot) {
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

function endOfIpv6(text: string, from: number, to: number): number {
  let at = from
  while (at < to && isIpv6Character(text.charCodeAt(at))) at += 1
  return at
}

function isIpv6Character(code: number): boolean {
  return isHex(code) || code === colon || code === dot
}

/** An IPv6 address without brackets and zone. */
function isIpv6(text: string): boolean {
  if (text.length > 45 || endOfIpv6(text, 0, text.length) < text.length) return false
  // RFC 5118 §4.10: the grammar of RFC 3261 led some implementations to write an extra colon before an IPv4 part.
  return isIPv6(text.replace(':::', '::'))
}

/** An IPv6 address as a number; null for any other text. */
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
