import { carriageReturn, isBlank, lineFeed } from '../syntax/characters.js'
import { parseInteger } from '../syntax/integer.js'
import { maxMessageBytes } from './parser.js'
import type { Defect } from './well-formed.js'

/** What a stream of bytes holds (RFC 3261 §18.3, RFC 5626 §4.4.1). */
export type Frame =
  /** One message, head and body, for `parseMessage`. */
  | { readonly kind: 'message'; readonly bytes: Buffer }
  /** A second line end in a row between messages: the other side wants one line end as an answer. */
  | { readonly kind: 'ping' }
  /** A line end between messages: the answer to a ping of ours, or the first half of a ping. */
  | { readonly kind: 'pong' }
  /**
   * Where the next message begins can no longer be told: the connection is to be closed, and nothing more comes. `head` may
   * hold a request to answer first: `parseMessage` finds it.
   */
  | ({ readonly kind: 'broken'; readonly head: Buffer } & Defect)

/** Cuts one stream into frames, however its bytes arrive. Each byte is looked at a constant number of times. */
export interface Framer {
  /** Takes what was read, and may keep it; answers what became whole by it, in order. */
  push(chunk: Buffer): readonly Frame[]
  /** Bytes of a message that is not whole yet; 0 between messages. For a limit on those who send slowly for ever. */
  readonly waiting: number
}

const nothing = Buffer.alloc(0)

export function createFramer(): Framer {
  let kept = nothing
  let keptLength = 0
  /** Of the message that `kept` begins with: how far its header's end was searched, and its whole length once that is known. */
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
    // The frames cut from it live on: what comes next gets memory of its own.
    kept = nothing
    keptLength = 0
  }

  function startOver(): void {
    searched = 0
    wanted = 0
  }

  /** The next frame of `bytes`, null while it is not whole. */
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
    get waiting() {
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

/** Behind an empty line; -1 where there is none yet. Another one, of line feeds alone, may stand before it: see `readHead`. */
function findEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf('\n\r\n', from, 'latin1')
  if (end >= 0) return end + 3
  const bare = bytes.indexOf('\n\n', from, 'latin1')
  return bare < 0 ? -1 : bare + 2
}

interface Head {
  /** Behind its empty line. */
  readonly end: number
  /** Content-Length; null where it is missing, malformed, or said twice and not the same. */
  readonly bodyLength: number | null
}

function readHead(head: string): Head {
  let bodyLength: number | null = null
  let isGood = true
  let start = head.indexOf('\n') + 1
  for (; start > 0 && head.charCodeAt(start) !== lineFeed; start = head.indexOf('\n', start) + 1) {
    if (!mayBeLength(head.charCodeAt(start) | 0x20)) continue
    lengthName.lastIndex = start
    if (!lengthName.test(head)) continue
    const said = parseInteger(unfoldedValue(head, lengthName.lastIndex), Number.MAX_SAFE_INTEGER)
    isGood &&= said !== null && (bodyLength === null || said === bodyLength)
    bodyLength = said
  }
  return { end: start > 0 ? start + 1 : head.length, bodyLength: isGood ? bodyLength : null }
}

function mayBeLength(firstLetter: number): boolean {
  return firstLetter === 0x63 || firstLetter === 0x6c
}

function unfoldedValue(head: string, from: number): string {
  let end = head.indexOf('\n', from)
  while (isBlank(head.charCodeAt(end + 1))) end = head.indexOf('\n', end + 1)
  return head.slice(from, end).replaceAll('\n', '').replaceAll('\r', '').trim()
}
