/** One part of a multipart body. */
export interface BodyPart {
  readonly headers: Readonly<Record<string, string>>
  readonly content: string
}

/** A multipart body and its Content-Type, which names the boundary (RFC 2046 §5.1.1). */
export interface Multipart {
  readonly type: string
  readonly body: string
}

/** `subtype`: `mixed`, or `related` with its parameters. Calls `newBoundary` until the boundary occurs in none of the parts. */
export function multipart(subtype: string, parts: readonly BodyPart[], newBoundary: () => string = () => crypto.randomUUID()): Multipart {
  const boundary = unusedBoundary(parts, newBoundary)
  // The line break before a boundary belongs to the boundary, so each part keeps its own last one.
  const lines = parts.flatMap(({ headers, content }) => [`--${boundary}`, ...headerLines(headers), '', content])
  return { type: `multipart/${subtype};boundary=${boundary}`, body: [...lines, `--${boundary}--`, ''].join('\r\n') }
}

/**
 * The first part whose type fits (RFC 5621 §3.1); null if there is none, or the body is not multipart. Types are in lower case, without parameters.
 * A part in a part is not looked for.
 */
export function firstPart(
  { type, body }: Multipart,
  fits: (type: string) => boolean,
): { readonly type: string; readonly content: string } | null {
  if (!/^\s*multipart\//i.test(type)) return null
  const boundary = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type)
  if (boundary === null) return null
  // The line break before a boundary belongs to the boundary.
  for (const part of `\r\n${body}`.split(`\r\n--${boundary[1] ?? boundary[2]}`).slice(1, -1)) {
    const end = part.indexOf('\r\n\r\n')
    const [, written = ''] = /\r\ncontent-type:[ \t]*([^\s;]{1,100})[ \t]*(?:;|\r\n)/i.exec(`${part.slice(0, end)}\r\n`) ?? []
    const own = written.toLowerCase()
    if (end >= 0 && own !== '' && fits(own)) return { type: own, content: part.slice(end + 4) }
  }
  return null
}

function unusedBoundary(parts: readonly BodyPart[], newBoundary: () => string): string {
  for (;;) {
    const boundary = newBoundary()
    if (!parts.some(({ content }) => content.includes(boundary))) return boundary
  }
}

function headerLines(headers: BodyPart['headers']): readonly string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
}
