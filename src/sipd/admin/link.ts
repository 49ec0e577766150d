import type { Socket } from 'node:net'
import { collapseBlanks } from '../../sip/headers.js'
import { frameSize, writeFrame } from './frame.js'

/** Where a client that does not read is given up: its messages would fill memory. */
const mostUnread = 16 * 1024 * 1024

/** The sending half of a connection to an application. Frames of one turn of the event loop go out in one write. */
export interface Link {
  readonly open: boolean
  send(line: string, message?: Buffer): void
  /** Closes behind what was sent. */
  end(): void
}

/** What one write takes; the block is used again when it is through, so that a message costs no memory of its own. */
const blockBytes = 64 * 1024
const mostSpare = 4

export function createLink(socket: Socket): Link {
  const spare: Buffer[] = []
  let block: Buffer = Buffer.allocUnsafeSlow(blockBytes)
  let used = 0

  function flush(): void {
    if (used === 0) return
    const full = block
    if (socket.writable) {
      socket.write(full.subarray(0, used), () => {
        if (spare.length < mostSpare && full.length === blockBytes) spare.push(full)
      })
    }
    block = spare.pop() ?? Buffer.allocUnsafeSlow(blockBytes)
    used = 0
    if (socket.writableLength > mostUnread) socket.destroy()
  }

  /** A block with room for that many bytes. */
  function makeRoom(size: number): void {
    if (used + size <= block.length) return
    flush()
    if (size > block.length) block = Buffer.allocUnsafeSlow(size)
  }

  return {
    get open() {
      return socket.writable
    },
    send(line, message) {
      if (!socket.writable) return
      // What applications read messages with takes a time that grows with the square of a run of blanks.
      const shown = message ? collapseBlanks(message) : null
      makeRoom(frameSize(line, shown))
      if (used === 0) setImmediate(flush)
      used = writeFrame(block, used, line, shown)
    },
    end() {
      flush()
      socket.end()
    },
  }
}
