/**
 * Follows the frames of a WebSocket (RFC 6455 §5.2) without their payload, to detect incomplete messages. A message may have any number of
 * frames, with pings and pongs between them.
 *
 *   FIN | reserved (3 bits) | opcode (4) | MASK | length (7), then 2 bytes more for 126 or 8 for 127, 4 bytes of mask, the payload
 */
export interface FrameWatch {
  push(chunk: Buffer): void
  /** A message is incomplete. */
  readonly isOpen: boolean
  /** Number of complete messages. */
  readonly ended: number
  /** Bytes since the last complete message. */
  readonly bytes: number
}

const controlOpcodes = 0x8

export function createFrameWatch(): FrameWatch {
  const header: number[] = []
  let left = 0
  let isOpen = false
  let ended = 0
  let bytes = 0

  function beginFrame(): void {
    left = payloadLength(header)
    if (!isControl()) isOpen = true
    if (left === 0) endFrame()
  }

  function endFrame(): void {
    const isLast = ((header[0] ?? 0) & 0x80) !== 0
    if (!isControl() && isLast) {
      isOpen = false
      ended += 1
    }
    if (!isOpen) bytes = 0
    header.length = 0
  }

  function isControl(): boolean {
    return ((header[0] ?? 0) & 0x0f) >= controlOpcodes
  }

  return {
    push(chunk) {
      bytes += chunk.length
      for (let at = 0; at < chunk.length; ) {
        if (left > 0) {
          const taken = Math.min(left, chunk.length - at)
          left -= taken
          at += taken
          if (left === 0) endFrame()
        } else {
          header.push(chunk[at] ?? 0)
          at += 1
          if (header.length === headerLength(header)) beginFrame()
        }
      }
    },
    get isOpen() {
      return isOpen || header.length > 0
    },
    get ended() {
      return ended
    },
    get bytes() {
      return bytes
    },
  }
}

/** 0 if it is not known yet. */
function headerLength([, second]: readonly number[]): number {
  if (second === undefined) return 0
  const length = second & 0x7f
  return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & 0x80) !== 0 ? 4 : 0)
}

function payloadLength(header: readonly number[]): number {
  const short = (header[1] ?? 0) & 0x7f
  if (short < 126) return short
  return header.slice(2, short === 126 ? 4 : 10).reduce((sum, byte) => sum * 256 + byte, 0)
}
