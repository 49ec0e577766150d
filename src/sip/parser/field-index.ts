import { isUtf8 } from 'node:buffer'
import { HeaderField, newField, trimmed } from '../headers/header-field.js'
import { canonicalName } from '../headers/header-names.js'
import { knownKey, nextHash } from '../headers/known-headers.js'
import { carriageReturn, colon, isBlank, isTokenByte, lineFeed } from '../syntax/characters.js'

/** A longer field, folds included, is left out. */
export const maxFieldBytes = 8 * 1024

export interface IndexedFields {
  readonly fields: HeaderField[]
  /** After the empty line. */
  readonly bodyStart: number
  /** Number of fields left out: without a name or a colon, too long, or with a carriage return inside. */
  readonly leftOut: number
  /** Null for a complete header. */
  readonly fault: string | null
}

const noEnd = 'Header without its end'

/**
 * Finds the header fields in one pass over the bytes. `text` is the same bytes as latin1. A field that is folded (RFC 3261 §7.3.1), has a
 * compact name (§7.3.3) or is not UTF-8 is rewritten, so that each field is one line with its long name. A bare line feed ends a line too.
 * If nothing follows the header, its empty line may be missing.
 */
export function indexFields(bytes: Buffer, text: string, from: number): IndexedFields {
  const fields: HeaderField[] = []
  let leftOut = 0
  let nextReturn = -1
  let start = from
  while (start < bytes.length && !isLineEnd(bytes, start)) {
    let at = start
    let hash = 0
    while (isTokenByte(bytes[at] ?? 0)) {
      hash = nextHash(hash, bytes[at] ?? 0)
      at += 1
    }
    const nameEnd = at
    while (isBlank(bytes[at] ?? 0)) at += 1
    let feed = text.indexOf('\n', at)
    const lineFeedAt = feed
    while (feed >= 0 && isBlank(bytes[feed + 1] ?? 0)) feed = text.indexOf('\n', feed + 1)
    if (feed < 0) return { fields, bodyStart: bytes.length, leftOut, fault: noEnd }
    const end = bytes[feed - 1] === carriageReturn ? feed - 1 : feed
    if (nextReturn < at) nextReturn = nextIndex(text, '\r', at)
    const isPlain = nextReturn >= end && feed === lineFeedAt
    if (nameEnd === start || bytes[at] !== colon || end - start > maxFieldBytes) leftOut += 1
    else {
      const key = knownKey(bytes, start, nameEnd, hash) ?? text.slice(start, nameEnd).toLowerCase()
      const field = new HeaderField(key, text, { start, nameEnd, colon: at, end })
      if (isPlain && key.length === nameEnd - start) fields.push(field)
      else if (!addRewritten(fields, field)) leftOut += 1
    }
    start = feed + 1
  }
  const bodyStart = start < bytes.length ? start + (bytes[start] === lineFeed ? 1 : 2) : start
  const isText = isUtf8(bytes) || isUtf8(bytes.subarray(from, start))
  return { fields: isText ? fields : fields.map(inUtf8), bodyStart, leftOut, fault: null }
}

function isLineEnd(bytes: Buffer, at: number): boolean {
  return bytes[at] === lineFeed || (bytes[at] === carriageReturn && bytes[at + 1] === lineFeed)
}

function nextIndex(text: string, character: string, from: number): number {
  const at = text.indexOf(character, from)
  return at < 0 ? text.length : at
}

function withoutReturn(text: string, feed: number): number {
  return feed > 0 && text.charCodeAt(feed - 1) === carriageReturn ? feed - 1 : feed
}

/** False for a value with a carriage return, which some parsers take for a line end. */
function addRewritten(fields: HeaderField[], { key, name, value }: HeaderField): boolean {
  const line = unfolded(value)
  if (line.includes('\r')) return false
  fields.push(newField(name.length === 1 ? canonicalName(name) : name, line, key))
  return true
}

/** Each fold becomes one blank. */
function unfolded(text: string): string {
  if (text.indexOf('\n') < 0) return text
  const lines = text.split('\n').map((line) => trimmed(line, 0, withoutReturn(line, line.length)))
  return lines.join(' ').trim()
}

/** Headers that a response echoes: they must stay unchanged. */
const echoed: ReadonlySet<string> = new Set(['via', 'call-id', 'cseq'])

/** Bytes that are not UTF-8 are read as ISO 8859-1, which older phones send (RFC 3261 §7.3.1 requires UTF-8). */
function inUtf8(field: HeaderField): HeaderField {
  const bytes = Buffer.from(field.value, 'latin1')
  return echoed.has(field.key) || isUtf8(bytes)
    ? field
    : newField(field.name, Buffer.from(field.value, 'utf8').toString('latin1'), field.key)
}

/** Where the text of a line ends, before CRLF or LF; -1 without a line end. */
export function endOfLine(text: string, from: number): number {
  const feed = text.indexOf('\n', from)
  return feed < 0 ? -1 : withoutReturn(text, feed)
}
