import type { HeaderField } from '../headers/header-field.js'
import { parseVia, printVia, readOddVia } from '../headers/via.js'
import type { MessageKind } from '../lenient/header-rules.js'
import { mendedUri } from '../lenient/lenient-uri.js'
import { mend } from '../lenient/normalize.js'
import { newRequest, newResponse, noBody } from '../message/editable-message.js'
import type { SipMessage, SipRequest } from '../message/message.js'
import { carriageReturn, isToken, lineFeed } from '../syntax/characters.js'
import { parseInteger } from '../syntax/integer.js'
import { endOfListValue } from '../syntax/list.js'
import { withoutUriHeaders } from '../uri/sip-uri.js'
import { isUri } from '../uri/uri.js'
import { endOfLine, indexFields } from './field-index.js'
import { bad, type Defect, isPlain, isReadable } from './well-formed.js'

/** Header and body; longer messages are malformed. */
export const maxMessageBytes = 64 * 1024
/** Up to here it costs less to take the body along than to look for it. */
const smallMessageBytes = 4 * 1024

export type ParsedMessage =
  /** `leftOut`: how many header fields count for nothing, because they are malformed or repeated and nobody needs them. */
  | { readonly outcome: 'message'; readonly message: SipMessage; readonly leftOut: number }
  /**
   * `request` is set where the sender can be told: the top Via is usable and it is no ACK. Malformed responses are dropped. `forgiven`: what an
   * emergency call can go on with; null where that is impossible.
   */
  | ({ readonly outcome: 'malformed'; readonly request: SipRequest | null; readonly forgiven: SipRequest | null } & Defect)
  /** Nothing but line ends or zeros: keeps a NAT binding open. */
  | { readonly outcome: 'keep-alive' }

/**
 * The message in one datagram, or in one frame of a stream. Bytes behind Content-Length are ignored (RFC 3261 §18.3), empty lines
 * before the start line too (§7.5). A message that comes out as `message` has a start line, and every header that is essential for it (see
 * `mending/table.ts`), understood and spelled by the grammar; each of its fields is one line with its long name, and each header of that
 * table that is left is well formed. So its typed getters do not throw, but for `vias` below the first.
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
  return { outcome: 'malformed', request: null, forgiven: null, ...defect }
}

/** `text` is `bytes` as far as the body at least, so that places in one are places in the other. */
function parseText(text: string, bytes: Buffer): ParsedMessage {
  const lineEnd = endOfLine(text, 0)
  const line = lineEnd < 0 ? null : parseStartLine(text.slice(0, lineEnd))
  if (!line) return nothingToAnswer({ status: 400, reason: 'Malformed start line' })
  const { fields, bodyStart, leftOut, fault } = indexFields(bytes, text, lineEnd + (text.charCodeAt(lineEnd) === lineFeed ? 1 : 2))
  const content = bodyOf(fields, bytes.length - bodyStart)
  const body = fault === null ? bytes.subarray(bodyStart, bodyStart + content.length) : noBody
  const message = messageOf(line, fields, body)
  const isWhole = line.defect === null && fault === null && content.fault === null
  if (isWhole && leftOut === 0 && isPlain(message, fields)) return { outcome: 'message', message, leftOut: 0 }
  const kind = kindOf(message)
  const mended = mend({ kind, method: line.kind === 'request' ? line.method : '', fields, bodyLength: content.length })
  const faulty = fault ?? (needsBody(message, kind, content) ? content.fault : null) ?? mended.fault
  const understood = messageOf(forHelp(line), mended.fields, body)
  const isUsable = isReadable(understood)
  const defect = line.defect ?? (faulty === null && isUsable ? null : bad(faulty ?? 'Malformed header'))
  if (!defect) return { outcome: 'message', message: understood, leftOut: leftOut + mended.leftOut }
  const isForgivable = helpUriOf(line) !== null && fault === null && mended.isForgivable && isUsable && understood.kind === 'request'
  return { outcome: 'malformed', request: answerable(message), forgiven: isForgivable ? understood : null, ...defect }
}

function messageOf(line: StartLine, fields: HeaderField[], body: Buffer): SipMessage {
  return line.kind === 'request' ? newRequest(line.method, line.uri, fields, body) : newResponse(line.status, line.reason, fields, body)
}

/** With the Request-URI that an emergency call can go on with. */
function forHelp(line: StartLine): StartLine {
  return line.kind === 'request' && line.defect !== null ? { ...line, uri: helpUriOf(line) ?? line.uri } : line
}

/** Null for a request line that not even an emergency call can go on with. What follows the number says nothing of importance there. */
function helpUriOf(line: StartLine): string | null {
  if (line.kind === 'response') return null
  if (line.defect === null || isUri(line.uri, 0, line.uri.length)) return line.uri
  const bare = /<([^<>]*)/.exec(line.uri)?.[1] ?? line.uri
  const number = /^[ \t]{0,8}(?:(?:sips?|tel):)?[ \t]{0,8}([0-9]{2,16})(?![0-9A-Za-z.-])/i.exec(bare)?.[1]
  return number === undefined ? null : `sip:${number}@invalid`
}

/** They belong to what was said before. */
const followingMethods: ReadonlySet<string> = new Set(['ACK', 'BYE', 'CANCEL', 'PRACK', 'UPDATE'])

function kindOf(message: SipMessage): MessageKind {
  if (message.kind === 'response') return 'response'
  const isTagged = /;[ \t]{0,8}tag[ \t]{0,8}=/i.test(message.first('To') ?? '')
  return isTagged || followingMethods.has(message.method) ? 'following' : 'opening'
}

/** These end something, or keep it up, whatever their body says. */
const bodilessMethods: ReadonlySet<string> = new Set(['ACK', 'BYE', 'CANCEL'])

/** RFC 3261 §18.3: a response that breaks off MUST be discarded, a request answered 400. */
function needsBody(message: SipMessage, kind: MessageKind, { isShort }: Content): boolean {
  if (message.kind === 'request') return kind === 'opening' || !bodilessMethods.has(message.method)
  return isShort
}

/** With a Via that it is answered by, and everything else as it came. */
function answerable(message: SipMessage): SipRequest | null {
  if (message.kind === 'response' || message.method === 'ACK') return null
  const via = message.first('Via') ?? ''
  const top = via.slice(0, endOfListValue(via, 0))
  if (parseVia(top)) return message
  const odd = readOddVia(top)
  if (!odd) return null
  const answered = message.clone()
  answered.replaceFirst('Via', printVia(odd))
  return answered
}

type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly uri: string; readonly defect: Defect | null }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string; readonly defect: Defect | null }

/** Null for what is no SIP at all. */
function parseStartLine(line: string): StartLine | null {
  return /^SIP\//i.test(line) ? parseStatusLine(line) : parseRequestLine(line)
}

function parseStatusLine(line: string): StartLine | null {
  const [, code = '', reason = ''] = /^SIP\/2\.0[ \t]{1,16}([1-6][0-9]{2})(?:[ \t](.*))?$/i.exec(line) ?? []
  const defect = code === '' ? bad('Malformed status line') : null
  return { kind: 'response', status: Number(code), reason: reason.includes('\r') ? '' : reason, defect }
}

function parseRequestLine(line: string): StartLine | null {
  const text = line.trimEnd()
  const uriStart = text.indexOf(' ') + 1
  const uriEnd = text.lastIndexOf(' ')
  const method = text.slice(0, uriStart - 1)
  const version = text.endsWith(' SIP/2.0') ? 'SIP/2.0' : text.slice(uriEnd + 1).toUpperCase()
  if (uriEnd < uriStart || !isToken(method) || !version.startsWith('SIP/')) return null
  const written = text.slice(uriStart, uriEnd)
  const uri = requestUriOf(written)
  const defect: Defect | null = version === 'SIP/2.0' ? null : { status: 505, reason: 'Version Not Supported' }
  return { kind: 'request', method, uri: uri ?? written, defect: defect ?? (uri === null ? bad('Malformed Request-URI') : null) }
}

/**
 * Null for what is none. Headers have no place in a Request-URI (RFC 3261 §19.1.1, table 1) and are passed over, as are blanks and angle brackets
 * (RFC 4475 §3.1.2.7 to §3.1.2.11 leave it to the receiver).
 */
function requestUriOf(text: string): string | null {
  if (isUri(text, 0, text.length) && text.indexOf('?') < 0) return text
  if (isUri(text, 0, text.length) && !/^sips?:/i.test(text)) return text
  const bare = text.replace(/^[ \t]*<|>[ \t]*$/g, '')
  if (/[ \t]/.test(bare.trim()) && !/^[ \t]*sips?:/i.test(bare)) return null
  const uri = mendedUri(bare.replace(/[ \t]/g, ''))
  return uri === null ? null : withoutUriHeaders(uri)
}

interface Content {
  readonly length: number
  readonly fault: string | null
  /** More bytes are announced than there are. */
  readonly isShort: boolean
}

/** Without Content-Length the body is the rest of the datagram, and so it is with one that says nothing that can be true. */
function bodyOf(fields: readonly HeaderField[], rest: number): Content {
  let length: number | null = null
  for (const field of fields) {
    if (field.key !== 'content-length') continue
    const said = parseInteger(field.value, Number.MAX_SAFE_INTEGER)
    if (said === null) return { length: rest, fault: 'Malformed Content-Length', isShort: false }
    if (length !== null && said !== length) return { length: rest, fault: 'Repeated Content-Length', isShort: false }
    if (said > rest) return { length: rest, fault: 'Body shorter than Content-Length', isShort: true }
    length = said
  }
  return { length: length ?? rest, fault: null, isShort: false }
}
