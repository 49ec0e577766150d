import type { HeaderField } from '../headers/header-field.js'
import { parseLenientVia, parseVia, printVia } from '../headers/via.js'
import type { MessageKind } from '../lenient/header-rules.js'
import { normalizeFields } from '../lenient/normalize.js'
import { newRequest, newResponse, noBody } from '../message/editable-message.js'
import type { SipMessage, SipRequest } from '../message/message.js'
import { carriageReturn, lineFeed } from '../syntax/characters.js'
import { parseInteger } from '../syntax/integer.js'
import { endOfListValue } from '../syntax/list.js'
import { type Defect, malformed } from './defect.js'
import { endOfLine, indexFields } from './field-index.js'
import { emergencyUriOf, parseStartLine, type StartLine, salvagedLine } from './start-line.js'
import { isReadable, isWellFormed } from './well-formed.js'

/** Limit for header and body together. A longer message is malformed. */
export const maxMessageBytes = 64 * 1024
/** Up to this size, decoding the body as well is cheaper than finding where it starts. */
const smallMessageBytes = 4 * 1024

export type ParsedMessage =
  /** `leftOut`: the number of header fields ignored because they are malformed or repeated, and not essential. */
  | { readonly outcome: 'message'; readonly message: SipMessage; readonly leftOut: number }
  /**
   * `request` is set if an error response can be sent: the top Via is usable, and it is not an ACK. Malformed responses are dropped.
   * `salvaged` is the request as far as it can be understood, for an emergency call; null if too much is missing.
   */
  | ({ readonly outcome: 'malformed'; readonly request: SipRequest | null; readonly salvaged: SipRequest | null } & Defect)
  /** Only line ends or zeros, sent to keep a NAT binding open. */
  | { readonly outcome: 'keep-alive' }

/**
 * Parses one datagram, or one frame of a stream. Bytes after Content-Length are ignored (RFC 3261 §18.3), and so are empty lines before the
 * start line (§7.5). In a `message`, the start line and every header listed in `lenient/header-rules.ts` follow the grammar (after
 * normalization), every essential header is present, and every field is one line with its long name. So its typed getters do not throw,
 * except `vias` below the first.
 */
export function parseMessage(bytes: Buffer): ParsedMessage {
  const start = skipLineEnds(bytes)
  if (start === bytes.length || isZeros(bytes)) return { outcome: 'keep-alive' }
  if (bytes.length - start > maxMessageBytes) return unanswerable({ status: 513, reason: 'Message Too Large' })
  const message = start === 0 ? bytes : bytes.subarray(start)
  return parseText(message.toString('latin1', 0, endOfText(message)), message)
}

/** Excludes a large body: slices of the text live as long as a call, and each keeps the whole text in memory. */
function endOfText(bytes: Buffer): number {
  const end = bytes.length > smallMessageBytes ? bytes.indexOf('\r\n\r\n', 0, 'latin1') : -1
  return end < 0 ? bytes.length : end + 4
}

function skipLineEnds(bytes: Buffer): number {
  let at = 0
  while (bytes[at] === carriageReturn || bytes[at] === lineFeed) at += 1
  return at
}

/** Some phones send zeros to keep a NAT binding open. */
function isZeros(bytes: Buffer): boolean {
  return bytes[0] === 0 && bytes.every((byte) => byte === 0)
}

function unanswerable(defect: Defect): ParsedMessage {
  return { outcome: 'malformed', request: null, salvaged: null, ...defect }
}

/** `text` is `bytes` in latin1, at least up to the body, so that both have the same offsets. */
function parseText(text: string, bytes: Buffer): ParsedMessage {
  const lineEnd = endOfLine(text, 0)
  const line = lineEnd < 0 ? null : parseStartLine(text.slice(0, lineEnd))
  if (!line) return unanswerable(malformed('Malformed start line'))
  const { fields, bodyStart, leftOut, fault } = indexFields(bytes, text, lineEnd + (text.charCodeAt(lineEnd) === lineFeed ? 1 : 2))
  const content = bodyOf(fields, bytes.length - bodyStart)
  const body = fault === null ? bytes.subarray(bodyStart, bodyStart + content.length) : noBody
  const message = messageOf(line, fields, body)
  const isWhole = line.defect === null && fault === null && content.fault === null
  if (isWhole && leftOut === 0 && isWellFormed(message, fields)) return { outcome: 'message', message, leftOut: 0 }
  const kind = kindOf(message)
  const normalized = normalizeFields({ kind, method: line.kind === 'request' ? line.method : '', fields, bodyLength: content.length })
  const problem = fault ?? (needsBody(message, kind, content) ? content.fault : null) ?? normalized.fault
  const understood = messageOf(salvagedLine(line), normalized.fields, body)
  const isUsable = isReadable(understood)
  const defect = line.defect ?? (problem === null && isUsable ? null : malformed(problem ?? 'Malformed header'))
  if (!defect) return { outcome: 'message', message: understood, leftOut: leftOut + normalized.leftOut }
  const isSalvageable =
    emergencyUriOf(line) !== null && fault === null && normalized.isSalvageable && isUsable && understood.kind === 'request'
  return { outcome: 'malformed', request: answerable(message), salvaged: isSalvageable ? understood : null, ...defect }
}

function messageOf(line: StartLine, fields: HeaderField[], body: Buffer): SipMessage {
  return line.kind === 'request' ? newRequest(line.method, line.uri, fields, body) : newResponse(line.status, line.reason, fields, body)
}

/** These refer to an earlier request. */
const subsequentMethods: ReadonlySet<string> = new Set(['ACK', 'BYE', 'CANCEL', 'PRACK', 'UPDATE'])

function kindOf(message: SipMessage): MessageKind {
  if (message.kind === 'response') return 'response'
  const isTagged = /;[ \t]{0,8}tag[ \t]{0,8}=/i.test(message.first('To') ?? '')
  return isTagged || subsequentMethods.has(message.method) ? 'subsequent' : 'initial'
}

/** These have their effect whatever is in their body. */
const bodilessMethods: ReadonlySet<string> = new Set(['ACK', 'BYE', 'CANCEL'])

/** RFC 3261 §18.3: a truncated response MUST be discarded, a truncated request rejected with 400. */
function needsBody(message: SipMessage, kind: MessageKind, { isShort }: Content): boolean {
  if (message.kind === 'request') return kind === 'initial' || !bodilessMethods.has(message.method)
  return isShort
}

/** The request as received, with a top Via that a response can follow; null if there is none. */
function answerable(message: SipMessage): SipRequest | null {
  if (message.kind === 'response' || message.method === 'ACK') return null
  const value = message.first('Via') ?? ''
  const top = value.slice(0, endOfListValue(value, 0))
  if (parseVia(top)) return message
  const via = parseLenientVia(top)
  if (!via) return null
  const request = message.clone()
  request.replaceFirst('Via', printVia(via))
  return request
}

interface Content {
  readonly length: number
  readonly fault: string | null
  /** Content-Length exceeds the bytes received. */
  readonly isShort: boolean
}

/** The body is the rest of the datagram if Content-Length is missing or wrong. */
function bodyOf(fields: readonly HeaderField[], rest: number): Content {
  let length: number | null = null
  for (const field of fields) {
    if (field.key !== 'content-length') continue
    const announced = parseInteger(field.value, Number.MAX_SAFE_INTEGER)
    if (announced === null) return { length: rest, fault: 'Malformed Content-Length', isShort: false }
    if (length !== null && announced !== length) return { length: rest, fault: 'Repeated Content-Length', isShort: false }
    if (announced > rest) return { length: rest, fault: 'Body shorter than Content-Length', isShort: true }
    length = announced
  }
  return { length: length ?? rest, fault: null, isShort: false }
}
