import { type Defect, findDefect } from './checks.js'
import { newRequest, newResponse } from './editor.js'
import { HeaderField } from './field.js'
import { endOfListValue, headerKey, parseInteger } from './headers.js'
import type { SipMessage, SipRequest } from './message.js'
import { carriageReturn, colon, endOfToken, isBlank, isToken, lineFeed, skipBlanks } from './syntax/characters.js'
import { parseUri } from './uri.js'
import { parseVia } from './via.js'

/** One header field with its folds; the whole message. Longer ones are malformed. */
export const maxFieldBytes = 8 * 1024
export const maxMessageBytes = 64 * 1024

export type ParsedMessage =
  | { readonly outcome: 'message'; readonly message: SipMessage }
  /** `request` is set where the sender can be told: the top Via is usable and it is no ACK. Malformed responses are dropped. */
  | ({ readonly outcome: 'malformed'; readonly request: SipRequest | null } & Defect)
  /** Nothing but line ends or zeros: keeps a NAT binding open. */
  | { readonly outcome: 'keep-alive' }

/**
 * The message in one datagram, or in one frame of a stream. Bytes behind Content-Length are ignored (RFC 3261 §18.3), empty lines
 * before the start line too (§7.5). A message that comes out as `message` has: a start line by the grammar; Via, From, To, Call-ID
 * and CSeq, each once (Via at least once) and well formed; well-formed Contact, Max-Forwards, Content-Length and Date where
 * present; a CSeq method that is the request's; a body as long as announced. So its typed getters do not throw.
 */
export function parseMessage(bytes: Buffer): ParsedMessage {
  const start = skipLineEnds(bytes)
  if (start === bytes.length) return { outcome: 'keep-alive' }
  if (bytes.length - start > maxMessageBytes) return nothingToAnswer({ status: 513, reason: 'Message Too Large' })
  return parseText(bytes.toString('latin1', start), bytes.subarray(start))
}

function skipLineEnds(bytes: Buffer): number {
  let at = 0
  while (at < bytes.length && (bytes[at] === 0x0d || bytes[at] === 0x0a || bytes[at] === 0)) at += 1
  return at
}

function nothingToAnswer(defect: Defect): ParsedMessage {
  return { outcome: 'malformed', request: null, ...defect }
}

/** `text` is all of `bytes`, so that places in one are places in the other. */
function parseText(text: string, bytes: Buffer): ParsedMessage {
  const lineEnd = endOfLine(text, 0)
  const line = lineEnd < 0 ? null : parseStartLine(text.slice(0, lineEnd))
  if (!line) return nothingToAnswer({ status: 400, reason: 'Malformed start line' })
  const { fields, bodyStart, defect: fieldDefect } = indexFields(text, lineEnd + 2)
  const { body, defect: bodyDefect } = cutBody(fields, bytes.subarray(bodyStart))
  const message =
    line.kind === 'request' ? newRequest(line.method, line.uri, fields, body) : newResponse(line.status, line.reason, fields, body)
  const defect = line.defect ?? fieldDefect ?? bodyDefect ?? findDefect(message, fields)
  if (!defect) return { outcome: 'message', message }
  return { outcome: 'malformed', request: answerable(message), ...defect }
}

function answerable(message: SipMessage): SipRequest | null {
  if (message.kind === 'response' || message.method === 'ACK') return null
  const via = message.first('Via')
  return via !== undefined && parseVia(via.slice(0, endOfListValue(via, 0))) ? message : null
}

type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly uri: string; readonly defect: Defect | null }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string; readonly defect: Defect | null }

/** Null for what is no SIP at all. */
function parseStartLine(line: string): StartLine | null {
  return line.startsWith('SIP/') ? parseStatusLine(line) : parseRequestLine(line)
}

function parseStatusLine(line: string): StartLine | null {
  const [version = '', code = ''] = line.slice(0, 12).split(' ')
  const status = parseInteger(code, 699)
  const isWhole = line.length === 11 || line.charAt(11) === ' '
  const isGood = version === 'SIP/2.0' && code.length === 3 && status !== null && status >= 100 && isWhole
  const defect: Defect | null = isGood ? null : { status: 400, reason: 'Malformed status line' }
  return { kind: 'response', status: status ?? 0, reason: line.slice(12), defect }
}

function parseRequestLine(line: string): StartLine | null {
  const text = line.trimEnd()
  const uriStart = text.indexOf(' ') + 1
  const uriEnd = text.lastIndexOf(' ')
  const method = text.slice(0, uriStart - 1)
  const version = text.slice(uriEnd + 1).toUpperCase()
  if (uriEnd < uriStart || !isToken(method) || !version.startsWith('SIP/')) return null
  const uri = text.slice(uriStart, uriEnd)
  return { kind: 'request', method, uri, defect: requestLineDefect(version, uri, line.length - text.length) }
}

function requestLineDefect(version: string, uri: string, trailing: number): Defect | null {
  if (version !== 'SIP/2.0') return { status: 505, reason: 'Version Not Supported' }
  if (trailing > 0) return { status: 400, reason: 'Blanks after the request line' }
  return isRequestUri(uri) ? null : { status: 400, reason: 'Malformed Request-URI' }
}

/** Headers have no place in a Request-URI (RFC 3261 §19.1.1, table 1). */
function isRequestUri(text: string): boolean {
  const uri = parseUri(text)
  return uri !== null && (uri.kind !== 'sip' || uri.headers.length === 0)
}

interface Indexed {
  readonly fields: HeaderField[]
  readonly bodyStart: number
  readonly defect: Defect | null
}

/** Finds where each field stands. A line that is none is left out and told, so that the rest can still carry an answer. */
function indexFields(text: string, from: number): Indexed {
  const fields: HeaderField[] = []
  let defect: Defect | null = null
  let start = from
  while (text.charCodeAt(start) !== carriageReturn) {
    const end = endOfField(text, start)
    if (end < 0) return { fields, bodyStart: text.length, defect: { status: 400, reason: 'Header without its end' } }
    const field = indexField(text, start, end)
    if (field) fields.push(field)
    else defect ??= { status: 400, reason: 'Malformed header field' }
    start = end + 2
  }
  if (text.charCodeAt(start + 1) !== lineFeed) defect ??= { status: 400, reason: 'Header without its end' }
  return { fields, bodyStart: start + 2, defect }
}

/** Where the field's last line ends: a line that begins with a blank belongs to the one before (RFC 3261 §7.3.1). */
function endOfField(text: string, start: number): number {
  let end = endOfLine(text, start)
  while (end >= 0 && isBlank(text.charCodeAt(end + 2))) end = endOfLine(text, end + 2)
  return end
}

/** Where the line's CRLF stands; -1 where it ends otherwise, or not at all. */
function endOfLine(text: string, from: number): number {
  const lineFeedAt = text.indexOf('\n', from)
  return lineFeedAt > from && text.indexOf('\r', from) === lineFeedAt - 1 ? lineFeedAt - 1 : -1
}

function indexField(text: string, start: number, end: number): HeaderField | null {
  const nameEnd = endOfToken(text, start, end)
  const colonAt = skipBlanks(text, nameEnd, end)
  if (nameEnd === start || colonAt === end || text.charCodeAt(colonAt) !== colon || end - start > maxFieldBytes) return null
  return new HeaderField(headerKey(text.slice(start, nameEnd)), text, { start, nameEnd, colon: colonAt, end })
}

/** Without Content-Length the body is the rest of the datagram. */
function cutBody(fields: readonly HeaderField[], rest: Buffer): { body: Buffer; defect: Defect | null } {
  const field = fields.find(({ key }) => key === 'content-length')
  if (!field) return { body: rest, defect: null }
  const length = parseInteger(field.value, maxMessageBytes)
  if (length === null) return { body: rest, defect: { status: 400, reason: 'Malformed Content-Length' } }
  if (length > rest.length) return { body: rest, defect: { status: 400, reason: 'Body shorter than Content-Length' } }
  return { body: rest.subarray(0, length), defect: null }
}
