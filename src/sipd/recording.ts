import type { Clock, Milliseconds } from '../base/clock.js'
import type { Protocol } from '../base/listen-address.js'
import type { Endpoint, Flow } from './transport/flow.js'

/** A message as it was on the wire, without TLS. */
export interface RecordedMessage {
  /** Counts all messages of the server, from 1. */
  readonly number: number
  readonly at: Milliseconds
  readonly way: Way
  readonly protocol: Protocol
  readonly local: Endpoint
  readonly remote: Endpoint
  /** `''` if there is none. */
  readonly callId: string
  /** Latin1: one character for each byte. */
  readonly text: string
}

export type Way = 'in' | 'out'

/** Finds messages with one of these Call-IDs, names or addresses. */
export interface RecordSearch {
  /** Number of the message after which the search begins. */
  readonly after: number
  /** Number of the last message. */
  readonly upTo: number
  readonly callIds: readonly string[]
  /** User parts of URIs, and digest user names. */
  readonly names: readonly string[]
  /** IP addresses of the far end. */
  readonly addresses: readonly string[]
}

export interface Recorded {
  readonly messages: readonly RecordedMessage[]
  /** The last message that was looked at. Search on from here if it is before `newest` and `upTo`. */
  readonly lookedAt: number
  /** The oldest and the newest message in memory. */
  readonly oldest: number
  readonly newest: number
}

/** The latest messages of the server, in a fixed amount of memory. */
export interface Recording {
  addReceived(bytes: Buffer, flow: Flow): void
  addSent(bytes: Buffer, flow: Flow): void
  search(search: RecordSearch): Recorded
}

/** A message costs one copy, and the oldest are overwritten: nothing is allocated for it. */
const recordingLimits = { bytes: 8 * 1024 * 1024, messages: 16_384 } as const
export type RecordingLimits = Readonly<Record<keyof typeof recordingLimits, number>>

/** Shorter datagrams are keep-alives. */
const shortest = 24
/** Limits of one search, so that it takes the thread for a millisecond or two. */
const mostLooked = 1_500
const mostFound = 200
const mostFoundBytes = 256 * 1024

export function createRecording(clock: Pick<Clock, 'now'>, { bytes: size, messages: slots }: RecordingLimits = recordingLimits): Recording {
  // The system provides the memory as it is written.
  const memory = Buffer.allocUnsafeSlow(size)
  const starts = new Uint32Array(slots)
  const ends = new Uint32Array(slots)
  const times = new Float64Array(slots)
  const flows = Array.from<Flow | undefined>({ length: slots })
  const ways = Array.from<unknown, Way>({ length: slots }, () => 'in')
  /** Found at the first search. */
  const callIds = Array.from<string | undefined>({ length: slots })
  let oldest = 1
  let newest = 0
  let head = 0

  const startOf = (number: number): number => starts[number % slots] ?? 0

  function makeRoom(length: number): void {
    if (head + length > size) {
      while (oldest <= newest && startOf(oldest) >= head) oldest += 1
      head = 0
    }
    while (oldest <= newest && startOf(oldest) >= head && startOf(oldest) < head + length) oldest += 1
    if (newest - oldest + 1 === slots) oldest += 1
  }

  function textOf(number: number): string {
    return memory.toString('latin1', startOf(number), ends[number % slots])
  }

  function messageAt(number: number, text: string): RecordedMessage | null {
    const slot = number % slots
    const flow = flows[slot]
    if (!flow) return null
    const { protocol, local, remote } = flow
    return { number, at: times[slot] ?? 0, way: ways[slot] ?? 'in', protocol, local, remote, callId: callIds[slot] ?? '', text }
  }

  function add(way: Way, bytes: Buffer, flow: Flow): void {
    const { length } = bytes
    if (length < shortest || length > size) return
    makeRoom(length)
    bytes.copy(memory, head)
    newest += 1
    const slot = newest % slots
    starts[slot] = head
    head += length
    ends[slot] = head
    times[slot] = clock.now()
    flows[slot] = flow
    ways[slot] = way
    callIds[slot] = undefined
  }

  return {
    addReceived: (bytes, flow) => add('in', bytes, flow),
    addSent: (bytes, flow) => add('out', bytes, flow),
    search({ after, upTo, callIds: wanted, names, addresses }) {
      const isWanted = new Set(wanted)
      const inNames = names.flatMap((name) => [`:${name}@`, `"${name}"`])
      const isNear = new Set(addresses)
      const end = Math.min(newest, upTo)
      const last = Math.min(end, Math.max(after + 1, oldest) - 1 + mostLooked)
      const messages: RecordedMessage[] = []
      let bytes = 0
      let number = Math.max(after + 1, oldest)
      for (; number <= last && messages.length < mostFound && bytes < mostFoundBytes; number += 1) {
        const slot = number % slots
        const known = callIds[slot]
        const text = known === undefined || inNames.length > 0 ? textOf(number) : null
        const callId = known ?? callIdIn(text ?? '')
        callIds[slot] = callId
        const isMeant =
          isWanted.has(callId) || isNear.has(flows[slot]?.remote.address ?? '') || inNames.some((name) => text?.includes(name) === true)
        const found = isMeant ? messageAt(number, text ?? textOf(number)) : null
        if (!found) continue
        messages.push(found)
        bytes += found.text.length
      }
      return { messages, lookedAt: number - 1, oldest, newest }
    },
  }
}

/** Also found in a message that cannot be parsed. */
function callIdIn(text: string): string {
  const callId = /^(?:call-id|i)[ \t]{0,8}:[ \t]{0,8}([^\r\n]{0,256})/im.exec(text)?.[1]?.trimEnd() ?? ''
  // A copy: a part of a string keeps the whole in memory, here a message of up to 64 KB for as long as its slot is not used again.
  return Buffer.from(callId, 'latin1').toString('latin1')
}
