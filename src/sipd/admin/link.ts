import type { Socket } from 'node:net'
import { encodeFrame } from './frame.js'

/** Where a client that does not read is given up: its messages would fill memory. */
const mostUnread = 16 * 1024 * 1024

/** The sending half of a connection to an application. Frames of one turn of the event loop go out in one write. */
export interface Link {
  readonly open: boolean
  send(line: string, message?: Buffer): void
  /** Closes behind what was sent. */
  end(): void
}

export function createLink(socket: Socket): Link {
  let frames: Buffer[] = []
  let bytes = 0

  function flush(): void {
    if (frames.length === 0) return
    const [only] = frames
    const batch = frames.length === 1 && only ? only : Buffer.concat(frames, bytes)
    frames = []
    bytes = 0
    if (socket.writable) socket.write(batch)
    if (socket.writableLength > mostUnread) socket.destroy()
  }

  return {
    get open() {
      return socket.writable
    },
    send(line, message) {
      if (!socket.writable) return
      const frame = encodeFrame(line, message ?? null)
      if (frames.length === 0) setImmediate(flush)
      frames.push(frame)
      bytes += frame.length
    },
    end() {
      flush()
      socket.end()
    },
  }
}
