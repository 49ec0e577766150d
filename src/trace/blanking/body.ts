import { crossedOut } from './mark.js'

interface BodyKind {
  readonly method: string
  readonly contentType: string
}

/** Bodies that programs write, without secrets in other lines than those of `withoutKeys`. */
const readable = /^(?:application\/(?:sdp|simple-message-summary|pidf\+xml)|message\/sipfrag|multipart\/(?:mixed|related|alternative))\b/i

/** Texts of people (MESSAGE), keys pressed (INFO), and everything unknown are crossed out. */
export function blankBody(body: string, { method, contentType }: BodyKind): string {
  const isReadable = readable.test(contentType) || (contentType === '' && body.startsWith('v=0'))
  if (!isReadable || method === 'INFO' || method === 'MESSAGE') return crossedOut(body)
  // The status line says how a transfer goes (RFC 3515 §2.4.5); header fields after it are not needed.
  const head = /^message\/sipfrag/i.test(contentType) ? (/^[^\r\n]*/.exec(body)?.[0].length ?? 0) : body.length
  return withoutKeys(body.slice(0, head)) + crossedOut(body.slice(head))
}

/** Keys of SRTP (RFC 4568, RFC 4567, RFC 8866 §5.12) and the password of ICE (RFC 8839 §5.4). */
function withoutKeys(body: string): string {
  return body.replace(/^(a=crypto:|a=key-mgmt:|a=key[^\r\n:]{0,20}:|a=ice-pwd:|k=)([^\r\n]*)/gim, (_line, name: string, value: string) => {
    const key = /^a=crypto/i.test(name) ? Math.max(value.indexOf('inline:'), 0) : 0
    return name + value.slice(0, key) + crossedOut(value.slice(key))
  })
}
