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
  const boundary = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type)
  return boundary === null ? '' : firstDescription(`\r\n${body}`, `\r\n--${boundary[1] ?? boundary[2]}`)
}

function firstDescription(body: string, delimiter: string): string {
  for (const part of body.split(delimiter).slice(1, -1)) {
    const end = part.indexOf('\r\n\r\n')
    const isDescription = /\r\ncontent-type:[ \t]*application\/sdp[ \t]*(;|\r\n)/i.test(`${part.slice(0, end)}\r\n`)
    if (end >= 0 && isDescription) return withLineBreak(part.slice(end + 4))
  }
  return ''
}

/** The last line break of a part belongs to the boundary after it (RFC 2046 §5.1.1). */
function withLineBreak(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\r\n`
}
