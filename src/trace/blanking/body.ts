import { crossedOut } from './mark.js'

interface BodyKind {
  readonly method: string
  readonly contentType: string
}

/** Bodies that programs write, without secrets in other lines than those of `withoutKeys`. */
const readable = /^application\/(?:sdp|simple-message-summary|pidf\+xml)\b/i

/** Texts of people (MESSAGE), keys pressed (INFO), and everything unknown are crossed out. */
export function blankBody(body: string, { method, contentType }: BodyKind): string {
  if (method === 'INFO' || method === 'MESSAGE') return crossedOut(body)
  if (/^multipart\//i.test(contentType)) return blankParts(body, contentType)
  // The status line says how a transfer goes (RFC 3515 §2.4.5); header fields after it are not needed.
  if (/^message\/sipfrag\b/i.test(contentType)) return keepingStart(body, /^SIP\/2\.0 \d{3}[^\r\n]*/)
  const isReadable = readable.test(contentType) || (contentType === '' && body.startsWith('v=0'))
  return isReadable ? withoutKeys(body) : crossedOut(body)
}

function keepingStart(body: string, start: RegExp): string {
  const kept = start.exec(body)?.[0] ?? ''
  return kept + crossedOut(body.slice(kept.length))
}

/** Each part by its own type (RFC 2046 §5.1.1). A multipart body in another one is crossed out. */
function blankParts(body: string, contentType: string): string {
  const [, quoted, plain = ''] = /;\s{0,8}boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? []
  const boundary = `--${quoted ?? plain}`
  if (boundary === '--') return crossedOut(body)
  const [preamble = '', ...parts] = body.split(boundary)
  return [crossedOut(preamble), ...parts.map((part) => blankPart(part))].join(boundary)
}

function blankPart(part: string): string {
  if (part.startsWith('--')) return `--${crossedOut(part.slice(2))}`
  const gap = /\r?\n\r?\n/.exec(part)
  const start = gap ? gap.index + gap[0].length : part.length
  const head = part.slice(0, start)
  const contentType = /^content-type[ \t]{0,8}:[ \t]{0,8}([^\r\n]*)/im.exec(head)?.[1] ?? ''
  const fields = head.replace(/^[^\r\n]+/gm, (line) => (/^content-/i.test(line) ? line : crossedOut(line)))
  const inner = part.slice(start)
  return fields + (/^multipart\//i.test(contentType) ? crossedOut(inner) : blankBody(inner, { method: '', contentType }))
}

/** Keys of SRTP (RFC 4568, RFC 4567, RFC 8866 §5.12) and the password of ICE (RFC 8839 §5.4). */
function withoutKeys(body: string): string {
  return body.replace(
    /^([ \t]{0,8}(?:a=(?:crypto|key-mgmt|key[^\r\n:]{0,20}|ice-pwd)[ \t]{0,8}:|k=))([^\r\n]*)|inline:[^\r\n]*/gim,
    (line, name: string | undefined, value: string | undefined) => {
      if (name === undefined || value === undefined) return crossedOut(line)
      const key = /a=crypto/i.test(name) ? Math.max(value.indexOf('inline:'), 0) : 0
      return name + value.slice(0, key) + crossedOut(value.slice(key))
    },
  )
}
