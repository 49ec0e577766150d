import type { Socket } from 'node:net'
import { collapseBlanks } from '../../sip/message/collapse-blanks.js'
import { encodeFrame } from './frame.js'
import { type Chunk, createOutbox } from './outbox.js'

/** The sending half of a connection to an application. The frames of one turn of the event loop are sent in one write. */
export interface Link {
  /** Messages are accepted: there is a connection, or the application may resume. */
  readonly open: boolean
  /** The application has a connection now. */
  readonly attached: boolean
  /** Bytes that the application has not read, as far as is known. */
  readonly unread: number
  send(line: string, message?: Buffer): void
  /** Closes after everything is sent. */
  end(): void
  /** Greets an application that acknowledges frames and can resume. */
  greet(line: string): void
  acknowledge(frames: number): void
  /** The connection has failed. Messages wait for the next one. */
  detach(): void
  /** Resumes over another connection after the frames that the application has read. False if the rest is not in memory. */
  attach(next: Socket, line: string, read: number): boolean
  /** The application will not resume. */
  close(): void
}

/** A client with more unread bytes is disconnected, because its messages would fill memory. */
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
    // Messages that are sent while a connection fails wait for the next one.
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
      // drachtio's parser takes quadratic time for a run of blanks.
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
