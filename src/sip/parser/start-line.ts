import { normalizedUri } from '../lenient/lenient-uri.js'
import { isToken } from '../syntax/characters.js'
import { withoutUriHeaders } from '../uri/sip-uri.js'
import { isUri } from '../uri/uri.js'
import { type Defect, malformed } from './defect.js'

export type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly uri: string; readonly defect: Defect | null }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string; readonly defect: Defect | null }

/** Null for text that is not SIP at all. */
export function parseStartLine(line: string): StartLine | null {
  return /^SIP\//i.test(line) ? parseStatusLine(line) : parseRequestLine(line)
}

function parseStatusLine(line: string): StartLine | null {
  const [, code = '', reason = ''] = /^SIP\/2\.0[ \t]{1,16}([1-6][0-9]{2})(?:[ \t](.*))?$/i.exec(line) ?? []
  const defect = code === '' ? malformed('Malformed status line') : null
  return { kind: 'response', status: Number(code), reason: reason.includes('\r') ? '' : reason, defect }
}

const tab = 0x09

function parseRequestLine(line: string): StartLine | null {
  const text = line.trimEnd()
  const spaced = text.includes('\t') ? text.replaceAll('\t', ' ') : text
  const uriStart = spaced.indexOf(' ') + 1
  const uriEnd = spaced.lastIndexOf(' ')
  const method = text.slice(0, uriStart - 1)
  const version = text.endsWith(' SIP/2.0') ? 'SIP/2.0' : text.slice(uriEnd + 1).toUpperCase()
  if (uriEnd < uriStart || !isToken(method) || !version.startsWith('SIP/')) return null
  const received = text.slice(uriStart, uriEnd)
  const uri = requestUriOf(received)
  const hasTabs = text.charCodeAt(uriStart - 1) === tab || text.charCodeAt(uriEnd) === tab
  let defect: Defect | null = uri === null ? malformed('Malformed Request-URI') : null
  if (hasTabs) defect = malformed('Malformed request line')
  if (version !== 'SIP/2.0') defect = { status: 505, reason: 'Version Not Supported' }
  return { kind: 'request', method, uri: uri ?? received, defect }
}

/**
 * Null for text that is not a URI. Headers are not allowed in a Request-URI (RFC 3261 §19.1.1, table 1) and are ignored, as are blanks and angle
 * brackets (RFC 4475 §3.1.2.7 to §3.1.2.11 leave this to the receiver).
 */
function requestUriOf(text: string): string | null {
  if (isUri(text, 0, text.length) && text.indexOf('?') < 0) return text
  if (isUri(text, 0, text.length) && !/^sips?:/i.test(text)) return text
  const bare = text.replace(/^[ \t]*<|>[ \t]*$/g, '')
  if (/[ \t]/.test(bare.trim()) && !/^[ \t]*sips?:/i.test(bare)) return null
  const uri = normalizedUri(bare.replace(/[ \t]/g, ''))
  return uri === null ? null : withoutUriHeaders(uri)
}

/** The start line with a Request-URI that an emergency call can use, if there is one. */
export function salvagedLine(line: StartLine): StartLine {
  return line.kind === 'request' && line.defect !== null ? { ...line, uri: emergencyUriOf(line) ?? line.uri } : line
}

/** Null if the request line is unusable even for an emergency call. Whatever follows the number is ignored. */
export function emergencyUriOf(line: StartLine): string | null {
  if (line.kind === 'response') return null
  if (line.defect === null || isUri(line.uri, 0, line.uri.length)) return line.uri
  const bare = /<([^<>]*)/.exec(line.uri)?.[1] ?? line.uri
  const number = /^[ \t]{0,8}(?:(?:sips?|tel):)?[ \t]{0,8}([0-9]{2,16})(?![0-9A-Za-z.-])/i.exec(bare)?.[1]
  return number === undefined ? null : `sip:${number}@invalid`
}
