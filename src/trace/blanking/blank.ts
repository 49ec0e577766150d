import { isUtf8 } from 'node:buffer'
import { parseAuthHeader } from '../../sip/auth/auth-header.js'
import { blankBody } from './body.js'
import { blankBareNames, blankDigits, blankNames, type IsShown } from './digits.js'
import { blanked } from './mark.js'

/**
 * The text of a message without its secrets: credentials, nonces, hop tokens, keys of SRTP, digits that may be a PIN, and bodies that people
 * or keypads have written. Bodies keep their length, so that Content-Length stays true. `text` is latin1, the result is UTF-8 if it can be.
 */
export function blank(text: string, isShown: IsShown): string {
  const { start, header, end, body } = partsOf(text)
  const fields = header.map((field) => blankField(field, isShown))
  const shownBody = blankBody(body, { method: methodIn(start, header), contentType: fieldValue(header, /^(?:content-type|c)$/i) })
  const shown = [withoutProofs(blankDigits(start, isShown)), ...fields].join('\r\n') + end + shownBody
  const bytes = Buffer.from(shown, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : shown
}

/** Folded lines (RFC 3261 §7.3.1) are joined, so that each field is one text. */
function partsOf(text: string) {
  const gap = /\r?\n\r?\n/.exec(text)
  const head = gap ? text.slice(0, gap.index) : text
  const [start = '', ...header] = head.replace(/\r?\n[ \t]/g, ' ').split(/\r?\n/)
  return { start, header, end: gap ? '\r\n\r\n' : '', body: gap ? text.slice(gap.index + gap[0].length) : '' }
}

function methodIn(start: string, header: readonly string[]): string {
  const line = start.startsWith('SIP/') ? fieldValue(header, /^cseq$/i) : start
  return /[A-Z]{2,20}/i.exec(line)?.[0].toUpperCase() ?? ''
}

function fieldValue(header: readonly string[], name: RegExp): string {
  const field = header.find((each) => name.test(nameIn(each)))
  return field === undefined ? '' : field.slice(field.indexOf(':') + 1).trim()
}

function nameIn(field: string): string {
  return field.slice(0, Math.max(field.indexOf(':'), 0)).trim()
}

const credentials = /^(?:x-|p-)?(?:proxy-)?(?:authorization|authenticate)$|^www-authenticate$/i
/** By its name, the value is a secret as a whole. */
const secrets = /token|secret|passw|passport|cookie|api-?key|authentication-info/i
const addresses = /^(?:from|f|to|t|contact|m|refer-to|r|referred-by|b|p-[a-z-]{1,40}|remote-party-id|diversion|history-info|reply-to)$/i

function blankField(field: string, isShown: IsShown): string {
  const name = nameIn(field)
  const colon = field.indexOf(':') + 1
  if (credentials.test(name)) return `${field.slice(0, colon)} ${blankDigits(withoutProof(field.slice(colon).trim()), isShown)}`
  if (secrets.test(name)) return `${field.slice(0, colon)} ${blanked}`
  // Also if it is not a header field, because a message may be broken anywhere.
  const shown = withoutProofs(blankNames(blankDigits(field, isShown), isShown))
  return addresses.test(name) ? blankBareNames(shown, isShown) : shown
}

/** Credentials in a line that is not theirs: after a wrong fold, without a colon, or in a URI (`?Authorization=Digest%20…`). */
function withoutProofs(text: string): string {
  return text
    .replace(/([?&](?:proxy-)?authorization=)[^&>\s]*/gi, `$1${blanked}`)
    .replace(/((?:proxy-)?authorization[\s:]{1,8}(?:basic|bearer)\s{1,8})\S+/gi, `$1${blanked}`)
    .replace(/\b(response|nonce|cnonce|nextnonce|rspauth|auts)\s{0,8}=\s{0,8}(?:"[^"]*"?|[^\s,;&>"]+)/gi, `$1="${blanked}"`)
}

/** Parameters of a digest that may be shown (RFC 7616 §3.3, §3.4). Any other may help to guess a password. */
const harmless = new Set(['username', 'realm', 'uri', 'algorithm', 'qop', 'nc', 'stale', 'domain', 'charset', 'userhash'])

function withoutProof(value: string): string {
  const parsed = parseAuthHeader(value)
  if (parsed?.scheme !== 'digest') return `${/^[A-Za-z0-9-]{1,20}(?= )/.exec(value)?.[0] ?? ''} ${blanked}`.trim()
  const params = Array.from(parsed.params, ([name, text]) => `${name}="${harmless.has(name) ? text.replace(/["\\]/g, '') : blanked}"`)
  return `Digest ${params.join(', ')}`
}
