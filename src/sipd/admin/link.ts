import type { Socket } from 'node:net'
import { collapseBlanks } from '../../sip/message/collapse-blanks.js'
import { encodeFrame } from './frame.js'
import { type Chunk, createOutbox } from './outbox.js'

/** The sending half of a connection to an application. Frames of one turn of the event loop go out in one write. */
export interface Link {
  /** Messages are taken: there is a connection, or the application is expected to come back. */
  readonly open: boolean
  /** There is a connection now. */
  readonly attached: boolean
  /** Bytes that the application has not read, as far as we know. */
  readonly unread: number
  send(line: string, message?: Buffer): void
  /** Closes behind what was sent. */
  end(): void
  /** Greets an application that acknowledges what it reads, and comes back when the connection fails. */
  greet(line: string): void
  acknowledge(frames: number): void
  /** The connection has failed; what is sent from now on waits for the next one. */
  detach(): void
  /** Goes on over another connection, behind the frames that the application has read. False if those are not known. */
  attach(next: Socket, line: string, read: number): boolean
  /** The application does not come back. */
  close(): void
}

/** A client that leaves so much unread is given up: its messages would fill memory. */
export const mostUnread = 24 * 1024 * 1024

export function createLink(first: Socket): Link {
  const outbox = createOutbox()
  let socket: Socket | null = first
  let isOver = false
  let isScheduled = false

  function write(chunks: readonly Chunk[]): void {
    for (const { bytes, written } of chunks) socket?.write(bytes, written)
  }

  function flush(): void {
    isScheduled = false
    if (socket?.writable) write(outbox.take())
    if (unread() <= mostUnread) return
    isOver = true
    socket?.destroy()
  }

  function unread(): number {
    return outbox.isKeeping ? outbox.size : outbox.size + (socket?.writableLength ?? 0)
  }

  function isOpen(): boolean {
    // What is sent while a connection fails waits for the next one.
    return !isOver && (outbox.isKeeping || socket?.writable === true)
  }

  return {
    get open() {
      return isOpen()
    },
    get attached() {
      return socket?.writable === true
    },
    get unread() {
      return unread()
    },
    send(line, message) {
      if (!isOpen()) return
      // What applications read messages with takes a time that grows with the square of a run of blanks.
      outbox.append(line, message ? collapseBlanks(message) : null)
      if (isScheduled) return
      isScheduled = true
      setImmediate(flush)
    },
    end() {
      flush()
      isOver = true
      socket?.end()
    },
    greet(line) {
      socket?.write(encodeFrame(line, null))
      outbox.keep()
    },
    acknowledge: outbox.acknowledge,
    detach() {
      socket = null
      if (!outbox.isKeeping) isOver = true
    },
    attach(next, line, read) {
      const chunks = isOver ? null : outbox.takeAgain(read)
      if (!chunks) return false
      const before = socket
      socket = next
      before?.destroy()
      next.write(encodeFrame(line, null))
      write(chunks)
      return true
    },
    close() {
      isOver = true
      socket?.destroy()
    },
  }
}
