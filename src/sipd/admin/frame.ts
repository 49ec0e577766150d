/** drachtio's admin wire: frames `<bytes>#<payload>` without separators. */

/** The length has at most five digits. */
const maximumDigits = 5
const hash = 0x23
const digitZero = 0x30
const digitNine = 0x39

/** Splits a byte stream into frames. */
export interface FrameReader {
  /** The complete payloads, latin1; null if the stream is malformed and must be closed. */
  push(chunk: Buffer): readonly string[] | null
}

export function createFrameReader(): FrameReader {
  let rest: Buffer = Buffer.alloc(0)
  return {
    push(chunk) {
      const stream = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const payloads: string[] = []
      let at = 0
      while (at < stream.length) {
        const start = endOfLength(stream, at)
        if (start === 'malformed') return null
        if (start === 'incomplete') break
        const end = start + Number(stream.toString('latin1', at, start - 1))
        if (end > stream.length) break
        payloads.push(stream.toString('latin1', start, end))
        at = end
      }
      rest = at === stream.length ? Buffer.alloc(0) : stream.subarray(at)
      return payloads
    },
  }
}

/** Index of the payload. */
function endOfLength(stream: Buffer, from: number): number | 'incomplete' | 'malformed' {
  for (let at = from; at < stream.length; at += 1) {
    const byte = stream[at] ?? 0
    if (byte === hash) return at > from ? at + 1 : 'malformed'
    if (byte < digitZero || byte > digitNine || at - from === maximumDigits) return 'malformed'
  }
  return 'incomplete'
}

/** One frame: a header line of `|`-separated words and, below it, a SIP message. */
export function encodeFrame(line: string, message: Buffer | null): Buffer {
  const frame = Buffer.allocUnsafe(frameSize(line, message))
  writeFrame(frame, 0, line, message)
  return frame
}

/** Size of a frame in bytes. */
export function frameSize(line: string, message: Buffer | null): number {
  const payload = payloadSize(line, message)
  return String(payload).length + 1 + payload
}

/** Writes a frame into a buffer that is large enough. Returns the index after it. */
export function writeFrame(into: Buffer, at: number, line: string, message: Buffer | null): number {
  const head = `${payloadSize(line, message)}#${line}${message ? '\r\n' : ''}`
  const end = at + into.write(head, at, 'latin1')
  return message ? end + message.copy(into, end) : end
}

function payloadSize(line: string, message: Buffer | null): number {
  return line.length + (message ? 2 + message.length : 0)
}
