import { firstPart } from '../../sip/message/multipart.js'

interface Message {
  header(name: string): string
  readonly body: string
}

/**
 * The session description of a message; `''` if there is none. Nothing else passes from leg to leg, because phones act on other bodies. Of a
 * multipart body it is the first part of type `application/sdp` (RFC 5621 §3.1). A body of another type is passed as if it were SDP, and the
 * other side rejects it.
 */
export function sessionDescription({ header, body }: Message): string {
  const type = header('Content-Type')
  if (!/^\s*multipart\//i.test(type)) return body
  return withLineBreak(firstPart({ type, body }, (own) => own === 'application/sdp')?.content ?? '')
}

/** The last line break of a part belongs to the boundary after it (RFC 2046 §5.1.1). */
function withLineBreak(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\r\n`
}
