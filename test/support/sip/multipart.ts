/** A part of a body, as whoever receives it reads it (RFC 2046 §5.1.1). */
export interface ReadPart {
  /** By their names in small letters. */
  readonly headers: ReadonlyMap<string, string>
  readonly content: string
}

/** @throws Error where type and body are no multipart body of that form */
export function readMultipart(type: string, body: string): readonly ReadPart[] {
  const boundary = /^multipart\/(?:mixed|related;[^\r\n]*);\s*boundary="?([^";]+)"?$/.exec(type)?.[1]
  if (boundary === undefined) throw new Error(`no multipart body: ${type}`)
  const [preamble, ...rest] = `\r\n${body}`.split(`\r\n--${boundary}`)
  const epilogue = rest.pop()
  if (preamble !== '' || epilogue !== '--\r\n') throw new Error(`not closed as it should be: ${body}`)
  return rest.map(readPart)
}

function readPart(text: string): ReadPart {
  const end = text.indexOf('\r\n\r\n')
  if (!text.startsWith('\r\n') || end === -1) throw new Error(`no part: ${text}`)
  const fields = text
    .slice(2, end)
    .split('\r\n')
    .map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
    })
  return { headers: new Map(fields), content: text.slice(end + 4) }
}
