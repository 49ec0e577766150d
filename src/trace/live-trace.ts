import type { Milliseconds } from '../base/clock.js'
import type { Recorded, RecordedMessage } from '../sipd/sipd.js'
import type { CallLegs, TraceNeeds, TraceSubject } from './contract.js'

/** A trace that is under way at this node. */
export interface LiveTrace {
  /** Looks at what is new, and at older messages of calls that were found meanwhile. */
  look(): Promise<void>
  /** Other nodes have found these Call-IDs. */
  add(callIds: readonly string[]): void
  take(): Taken
  /** Whether a message or a call was found here. */
  readonly isFound: boolean
  /** Whether a call of the trace is in progress here. */
  readonly isOpen: boolean
  readonly hasMessages: boolean
  askedAt: Milliseconds
}

export interface Taken {
  readonly messages: readonly RecordedMessage[]
  readonly callIds: readonly string[]
  readonly missed: number
  readonly more: boolean
}

/** The most in one reply. */
const mostMessages = 100
const mostBytes = 128 * 1024
/** Messages that wait for a slow command. The oldest are dropped. */
const mostWaiting = 2_000
const mostWaitingBytes = 16 * 1024 * 1024
/** The most Call-IDs of one trace. The oldest are forgotten. */
const mostCalls = 500
const noEnd = Number.MAX_SAFE_INTEGER

export interface LiveTraceNeeds {
  readonly subject: TraceSubject
  /** The number of the last message before the trace. */
  readonly from: number
  readonly recorded: NonNullable<TraceNeeds['recorded']>
  readonly legs: () => readonly CallLegs[]
}

export function createLiveTrace({ subject, from, recorded, legs }: LiveTraceNeeds): LiveTrace {
  const near = {
    names: subject.kind === 'device' ? [subject.device] : [],
    addresses: subject.kind === 'address' ? [subject.address] : [],
  }
  /** Call-ID → whether its older messages were looked for. */
  const callIds = new Map<string, 'new' | 'looked for'>()
  const unreported = new Set<string>()
  const seen = new Set<number>()
  /** Calls that had ended before the trace. */
  const past = new Set(from === 0 ? [] : legs().flatMap(({ id, isOpen }) => (isOpen ? [] : [id])))
  const waiting: RecordedMessage[] = []
  let start = from
  let cursor = from
  let missed = 0

  function learn(callId: string): void {
    if (callId === '' || callIds.has(callId)) return
    callIds.set(callId, 'new')
    unreported.add(callId)
    const [oldest] = callIds.keys()
    if (callIds.size > mostCalls && oldest !== undefined) callIds.delete(oldest)
  }

  /** A call that shares a dialog with a known one belongs to the trace as a whole, after a transfer for instance. */
  function learnLegs(): void {
    for (const { id, legs: all } of legs())
      if (!past.has(id) && (isSubject(id) || all.some(({ callId, peer }) => callIds.has(callId) || isSubject(peer))))
        for (const { callId } of all) learn(callId)
  }

  function isSubject(name: string): boolean {
    return name === (subject.kind === 'device' ? subject.device : subject.kind === 'call' ? subject.call : null)
  }

  function keep({ messages }: Recorded): void {
    for (const message of messages) {
      if (seen.has(message.number)) continue
      seen.add(message.number)
      learn(message.callId)
      waiting.push(message)
    }
    let bytes = waiting.reduce((sum, { text }) => sum + text.length, 0)
    const kept = waiting.findIndex(({ text }, index) => {
      const fits = waiting.length - index <= mostWaiting && bytes <= mostWaitingBytes
      bytes -= text.length
      return fits
    })
    missed += waiting.splice(0, kept < 0 ? waiting.length : kept).length
  }

  async function search(after: number, upTo: number, wanted: readonly string[]): Promise<number> {
    let lookedAt = after
    do {
      const found = await recorded({ after: lookedAt, upTo, callIds: wanted, ...(upTo === noEnd ? near : { names: [], addresses: [] }) })
      if (found === null) return lookedAt
      // The thread of the SIP server was restarted, and counts from 1 again.
      if (found.newest < after && upTo === noEnd) {
        seen.clear()
        start = 0
        return 0
      }
      if (upTo === noEnd && lookedAt > start) missed += Math.max(0, found.oldest - 1 - lookedAt)
      keep(found)
      for (const number of seen) {
        if (number >= found.oldest) break
        seen.delete(number)
      }
      if (found.lookedAt >= Math.min(found.newest, upTo)) return found.lookedAt
      lookedAt = found.lookedAt
    } while (waiting.length < mostWaiting)
    return lookedAt
  }

  async function lookOnce(): Promise<void> {
    learnLegs()
    cursor = await search(cursor, noEnd, [...callIds.keys()])
    learnLegs()
    for (let round = 0; round < 3; round += 1) {
      const fresh = [...callIds].flatMap(([callId, state]) => (state === 'new' ? [callId] : []))
      if (fresh.length === 0) break
      for (const callId of fresh) callIds.set(callId, 'looked for')
      if (cursor > start) await search(start, cursor, fresh)
      learnLegs()
    }
  }

  let looking = Promise.resolve()
  if (subject.kind === 'call') learn(subject.call)
  return {
    look() {
      // Two requests may arrive at once.
      looking = looking.then(lookOnce, lookOnce)
      return looking
    },
    add: (found) => {
      for (const callId of found) learn(callId)
      // The nodes that have found them know them already.
      for (const callId of found) unreported.delete(callId)
    },
    take() {
      waiting.sort((one, other) => one.number - other.number)
      let bytes = 0
      const end = waiting.findIndex(({ text }, index) => {
        bytes += text.length
        return index >= mostMessages || (index > 0 && bytes > mostBytes)
      })
      const messages = waiting.splice(0, end < 0 ? waiting.length : end)
      const taken = { messages, callIds: [...unreported].slice(0, 200), missed, more: waiting.length > 0 }
      for (const callId of taken.callIds) unreported.delete(callId)
      missed = 0
      return taken
    },
    get isFound() {
      return waiting.length > 0 || callIds.size > (subject.kind === 'call' ? 1 : 0)
    },
    get isOpen() {
      return legs().some(({ isOpen, legs: all }) => isOpen && all.some(({ callId }) => callIds.has(callId)))
    },
    get hasMessages() {
      return waiting.length > 0 || unreported.size > 0
    },
    askedAt: 0,
  }
}
