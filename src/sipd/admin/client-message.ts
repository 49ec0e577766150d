import type { Draft, Field } from '../core/draft.js'
import { wireName } from './header-name.js'

/**
 * Reads the SIP text of a command. It is not a complete message, because the server adds Via, CSeq and others, so the parser for the network
 * cannot be used. Invalid lines are skipped. Null if the start line is invalid.
 */
export function readClientMessage(text: string): Draft | null {
  const endOfStart = lineEnd(text, 0)
  const line = text.slice(0, endOfStart)
  const { fields, bodyAt } = readFields(text, afterLine(text, endOfStart))
  const content = { fields, body: bodyAt < text.length ? Buffer.from(text.slice(bodyAt), 'latin1') : noBody }
  if (!line.startsWith('SIP/2.0')) return requestDraft(line, content)
  const status = Number(line.slice(8, 11))
  if (line[7] !== ' ' || !Number.isInteger(status) || status < 100 || status > 699) return null
  return { kind: 'response', status, reason: line.slice(12), ...content }
}

const noBody = Buffer.alloc(0)

function requestDraft(line: string, content: { fields: readonly Field[]; body: Buffer }): Draft | null {
  const first = line.indexOf(' ')
  const last = line.lastIndexOf(' ')
  if (first < 1 || last === first || line.slice(last + 1) !== 'SIP/2.0') return null
  return { kind: 'request', line, method: line.slice(0, first), uri: line.slice(first + 1, last), ...content }
}

function readFields(text: string, from: number): { fields: readonly Field[]; bodyAt: number } {
  const fields: Field[] = []
  let at = from
  while (at < text.length) {
    let end = lineEnd(text, at)
    if (end === at) return { fields, bodyAt: afterLine(text, end) }
    let next = afterLine(text, end)
    // RFC 3261 §7.3.1: a line that begins with white space continues the previous one.
    while (next < text.length && isBlank(text.charCodeAt(next))) {
      end = lineEnd(text, next)
      next = afterLine(text, end)
    }
    const field = readField(text, at, end)
    if (field) fields.push(field)
    at = next
  }
  return { fields, bodyAt: text.length }
}

function readField(text: string, from: number, to: number): Field | null {
  const line = text.slice(from, to)
  const colon = line.indexOf(':')
  const name = colon < 0 ? null : wireName(line.slice(0, colon).trimEnd())
  if (name === null) return null
  const value = line.slice(colon + 1).trim()
  return { name, value: value.includes('\n') ? value.replace(/\r?\n[ \t]+/g, ' ') : value }
}

function lineEnd(text: string, from: number): number {
  const feed = text.indexOf('\n', from)
  if (feed < 0) return text.length
  return feed > from && text.charCodeAt(feed - 1) === 0x0d ? feed - 1 : feed
}

function afterLine(text: string, end: number): number {
  if (end >= text.length) return text.length
  return text.charCodeAt(end) === 0x0d ? end + 2 : end + 1
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
