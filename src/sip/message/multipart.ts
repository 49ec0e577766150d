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

function unusedBoundary(parts: readonly BodyPart[], newBoundary: () => string): string {
  for (;;) {
    const boundary = newBoundary()
    if (!parts.some(({ content }) => content.includes(boundary))) return boundary
  }
}

function headerLines(headers: BodyPart['headers']): readonly string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
}
