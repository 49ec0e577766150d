import { carriageReturn, isBlank, lineFeed } from '../syntax/characters.js'
import { parseInteger } from '../syntax/integer.js'
import type { Defect } from './defect.js'
import { maxMessageBytes } from './parser.js'

/** A unit of a byte stream (RFC 3261 §18.3, RFC 5626 §4.4.1). */
export type Frame =
  /** One message, header and body, for `parseMessage`. */
  | { readonly kind: 'message'; readonly bytes: Buffer }
  /** Two line ends between messages: the peer expects one in return. */
  | { readonly kind: 'ping' }
  /** One line end between messages: the response to our ping, or the first half of a ping. */
  | { readonly kind: 'pong' }
  /**
   * The start of the next message cannot be found: the connection must be closed, and no more frames follow. `head` may contain a request
   * to respond to first; pass it to `parseMessage`.
   */
  | ({ readonly kind: 'broken'; readonly head: Buffer } & Defect)

/** Cuts a stream into frames, regardless of how its bytes are split. Each byte is read a constant number of times. */
export interface Framer {
  /** Takes ownership of `chunk`. Returns the frames that it completes, in order. */
  push(chunk: Buffer): readonly Frame[]
  /** Bytes of an incomplete message; 0 between messages. Used to limit peers that never complete one. */
  readonly partialBytes: number
}

const nothing = Buffer.alloc(0)

export function createFramer(): Framer {
  let kept = nothing
  let keptLength = 0
  /** For the message at the start of `kept`: how far the end of its header has been searched, and its total length once known. */
  let searched = 0
  let wanted = 0
  let lineEnds = 0
  let isBroken = false

  function keep(bytes: Buffer): void {
    const length = keptLength + bytes.length
    if (length > kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, wanted, Math.min(kept.length * 2, maxMessageBytes)))
      kept.copy(larger, 0, 0, keptLength)
      kept = larger
    }
    bytes.copy(kept, keptLength)
    keptLength = length
  }

  function release(): void {
    // Frames still point into this buffer, so the next bytes need a new one.
    kept = nothing
    keptLength = 0
  }

  function startOver(): void {
    searched = 0
    wanted = 0
  }

  /** The next frame of `bytes`; null if it is incomplete. */
  function cut(bytes: Buffer): { frame: Frame; length: number } | null {
    if (bytes[0] === carriageReturn && (bytes.length < 2 || bytes[1] === lineFeed)) return cutLineEnd(bytes)
    if (bytes[0] === lineFeed) return { frame: { kind: 'pong' }, length: 1 }
    lineEnds = 0
    if (wanted === 0) {
      const found = findEnd(bytes, searched)
      if (found < 0 && bytes.length > maxMessageBytes) return breakOff(bytes, tooLarge)
      searched = Math.max(0, bytes.length - 3)
      if (found < 0) return null
      const { end, bodyLength } = readHead(bytes.toString('latin1', 0, found))
      if (bodyLength === null) return breakOff(bytes.subarray(0, end), noLength)
      wanted = end + bodyLength
      if (wanted > maxMessageBytes) return breakOff(bytes.subarray(0, end), tooLarge)
    }
    if (bytes.length < wanted) return null
    const length = wanted
    startOver()
    return { frame: { kind: 'message', bytes: bytes.subarray(0, length) }, length }
  }

  function cutLineEnd(bytes: Buffer): { frame: Frame; length: number } | null {
    if (bytes.length < 2) return null
    lineEnds += 1
    return { frame: { kind: lineEnds % 2 === 0 ? 'ping' : 'pong' }, length: 2 }
  }

  function breakOff(head: Buffer, defect: Defect): { frame: Frame; length: number } {
    isBroken = true
    return { frame: { kind: 'broken', head, ...defect }, length: head.length }
  }

  return {
    get partialBytes() {
      return isBroken ? 0 : keptLength
    },
    push(chunk) {
      const frames: Frame[] = []
      if (isBroken) return frames
      const isJoined = keptLength > 0
      if (isJoined) keep(chunk)
      const bytes = isJoined ? kept.subarray(0, keptLength) : chunk
      let at = 0
      for (let next = cut(bytes); next && at < bytes.length; next = isBroken || at === bytes.length ? null : cut(bytes.subarray(at))) {
        frames.push(next.frame)
        at += next.length
      }
      if (at > 0 || !isJoined) {
        release()
        if (!isBroken && at < bytes.length) keep(bytes.subarray(at))
      }
      return frames
    },
  }
}

const tooLarge: Defect = { status: 513, reason: 'Message Too Large' }
const noLength: Defect = { status: 400, reason: 'No single well-formed Content-Length' }

const lengthName = /(?:content-length|l)[ \t]*:/iy

/** Position after an empty line; -1 without one. An earlier empty line of bare line feeds is found by `readHead`. */
function findEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf('\n\r\n', from, 'latin1')
  if (end >= 0) return end + 3
  const bare = bytes.indexOf('\n\n', from, 'latin1')
  return bare < 0 ? -1 : bare + 2
}

interface Head {
  /** Position after its empty line. */
  readonly end: number
  /** Content-Length; null if it is missing, malformed, or given twice with different values. */
  readonly bodyLength: number | null
}

function readHead(head: string): Head {
  let bodyLength: number | null = null
  let isValid = true
  let start = head.indexOf('\n') + 1
  for (; start > 0 && head.charCodeAt(start) !== lineFeed; start = head.indexOf('\n', start) + 1) {
    if (!mayBeContentLength(head.charCodeAt(start) | 0x20)) continue
    lengthName.lastIndex = start
    if (!lengthName.test(head)) continue
    const length = parseInteger(unfoldedValue(head, lengthName.lastIndex), Number.MAX_SAFE_INTEGER)
    isValid &&= length !== null && (bodyLength === null || length === bodyLength)
    bodyLength = length
  }
  return { end: start > 0 ? start + 1 : head.length, bodyLength: isValid ? bodyLength : null }
}

function mayBeContentLength(firstLetter: number): boolean {
  return firstLetter === 0x63 || firstLetter === 0x6c
}

function unfoldedValue(head: string, from: number): string {
  let end = head.indexOf('\n', from)
  while (isBlank(head.charCodeAt(end + 1))) end = head.indexOf('\n', end + 1)
  return head.slice(from, end).replaceAll('\n', '').replaceAll('\r', '').trim()
}
