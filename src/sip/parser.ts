import { bad, type Defect, findDefect } from './checks.js'
import { newRequest, newResponse, noBody } from './editor.js'
import { endOfListValue, parseInteger } from './headers.js'
import type { SipMessage, SipRequest } from './message.js'
import { carriageReturn, isToken, lineFeed } from './syntax/characters.js'
import { endOfLine, type HeaderField, indexFields } from './syntax/field.js'
import { isUri, parseUri } from './uri.js'
import { parseVia } from './via.js'

/** Header and body; longer messages are malformed. */
export const maxMessageBytes = 64 * 1024
/** Up to here it costs less to take the body along than to look for it. */
const smallMessageBytes = 4 * 1024

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
  if (start === bytes.length || isZeros(bytes)) return { outcome: 'keep-alive' }
  if (bytes.length - start > maxMessageBytes) return nothingToAnswer({ status: 513, reason: 'Message Too Large' })
  const message = start === 0 ? bytes : bytes.subarray(start)
  return parseText(message.toString('latin1', 0, endOfText(message)), message)
}

/** Pieces of the text are kept for as long as a call lasts and hold on to all of it, so that a large body must not be part of it. */
function endOfText(bytes: Buffer): number {
  const end = bytes.length > smallMessageBytes ? bytes.indexOf('\r\n\r\n', 0, 'latin1') : -1
  return end < 0 ? bytes.length : end + 4
}

function skipLineEnds(bytes: Buffer): number {
  let at = 0
  while (bytes[at] === carriageReturn || bytes[at] === lineFeed) at += 1
  return at
}

/** What some phones send to keep a NAT binding open. */
function isZeros(bytes: Buffer): boolean {
  return bytes[0] === 0 && bytes.every((byte) => byte === 0)
}

function nothingToAnswer(defect: Defect): ParsedMessage {
  return { outcome: 'malformed', request: null, ...defect }
}

/** `text` is `bytes` as far as the body at least, so that places in one are places in the other. */
function parseText(text: string, bytes: Buffer): ParsedMessage {
  const lineEnd = endOfLine(text, 0)
  const line = lineEnd < 0 ? null : parseStartLine(text.slice(0, lineEnd))
  if (!line) return nothingToAnswer({ status: 400, reason: 'Malformed start line' })
  const { fields, bodyStart, fault } = indexFields(bytes, text, lineEnd + 2)
  const length = bodyLength(fields, bytes.length - bodyStart)
  const body = typeof length === 'number' ? bytes.subarray(bodyStart, bodyStart + length) : noBody
  const message =
    line.kind === 'request' ? newRequest(line.method, line.uri, fields, body) : newResponse(line.status, line.reason, fields, body)
  const isSound = line.defect === null && fault === null && typeof length === 'number'
  const defect = isSound ? findDefect(message, fields) : (line.defect ?? bad(fault ?? String(length)))
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
  const version = text.endsWith(' SIP/2.0') ? 'SIP/2.0' : text.slice(uriEnd + 1).toUpperCase()
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
  return isUri(text, 0, text.length) && (text.indexOf('?') < 0 || !hasHeaders(text))
}

function hasHeaders(text: string): boolean {
  const uri = parseUri(text)
  return uri?.kind === 'sip' && uri.headers.length > 0
}

/** Without Content-Length the body is the rest of the datagram. Words for what is wrong with it. */
function bodyLength(fields: readonly HeaderField[], rest: number): number | string {
  for (const field of fields) {
    if (field.key !== 'content-length') continue
    const length = parseInteger(field.value, Number.MAX_SAFE_INTEGER)
    if (length === null) return 'Malformed Content-Length'
    return length > rest ? 'Body shorter than Content-Length' : length
  }
  return rest
}
