import { randomUUID } from 'node:crypto'
import { type Milliseconds, pause } from '../base/clock.js'
import { printHostPort } from '../base/host-port.js'
import { parseDeviceId } from '../base/identity.js'
import type { Frozen, Reply, Request } from '../control/control.js'
import type { RecordedMessage } from '../sipd/sipd.js'
import { blank } from './blanking/blank.js'
import type { CallLegs, Trace, TracedMessage, TraceNeeds, TraceSubject } from './contract.js'
import { createLiveTrace, type LiveTrace } from './live-trace.js'

export { capturedPacket, captureHeader } from './capture/pcap.js'
export type * from './contract.js'
export { type Arrow, createConversation } from './conversation.js'
export { createLadder } from './ladder/ladder.js'
export { outcomeWords } from './ladder/outcome.js'

type CallLeg = CallLegs['legs'][number]

/** A trace for which nobody asks any more ends after this time, so nothing remains of a command that was killed. */
const leaseMs: Milliseconds = 15_000
const lookEveryMs: Milliseconds = 100
const mostTraces = 20

/** Shows the messages of the SIP server. While nobody traces, nothing runs. */
export function createTrace({ recorded, legs, isShown, directory, clock, networkClock, audit }: TraceNeeds): Trace {
  const live = new Map<string, LiveTrace>()
  let isClosed = false

  function forgetOld(): void {
    for (const [id, { askedAt }] of live) if (clock.now() - askedAt > leaseMs || live.size > mostTraces) live.delete(id)
  }

  async function begin({ subject, from, audit: isAudited }: Request<'trace'>['asked'], by: string): Promise<Reply<'trace'>> {
    if (recorded === null) return { outcome: 'unavailable' }
    const { kind: _kind, ...named } = subject
    if (isAudited) audit(named, by)
    const none = await recorded({ after: Number.MAX_SAFE_INTEGER - 1, upTo: 0, callIds: [], names: [], addresses: [] })
    const one = createLiveTrace({ subject, from: from === 'now' ? (none?.newest ?? 0) : 0, recorded, legs })
    one.askedAt = clock.now()
    await one.look()
    const trace = randomUUID()
    live.set(trace, one)
    forgetOld()
    return { outcome: 'begun', trace, known: isKnown(subject, one) }
  }

  function isKnown(subject: TraceSubject, { isFound }: LiveTrace): boolean {
    if (subject.kind !== 'device') return subject.kind === 'address' || isFound
    const device = parseDeviceId(subject.device)
    return device !== null && directory.device(device) !== null
  }

  async function next({ trace, callIds, waitMs }: Request<'traced'>['asked']): Promise<Frozen<Reply<'traced'>>> {
    const one = live.get(trace)
    if (!one) return { known: false, messages: [], callIds: [], missed: 0, more: false, open: false }
    one.add(callIds)
    const until = clock.now() + waitMs
    await one.look()
    while (!one.hasMessages && clock.now() < until && !isClosed) {
      await pause(clock, lookEveryMs)
      await one.look()
    }
    one.askedAt = clock.now()
    forgetOld()
    const { messages, callIds: found, missed, more } = one.take()
    const legOf = new Map(messages.length === 0 ? [] : legs().flatMap((call) => call.legs.map((leg) => [leg.callId, leg] as const)))
    const texts = messages.map((each) => reported(each, legOf.get(each.callId)))
    return { known: true, messages: texts, callIds: found, missed, more, open: one.isOpen }
  }

  function reported(message: RecordedMessage, leg: CallLeg | undefined): TracedMessage {
    const { number, at, way, protocol, local, remote, callId, text } = message
    const isFree = leg !== undefined && !leg.isDialledByPhone && !/^REFER |^CSeq[ \t]*:\s*\d+\s+REFER/im.test(text)
    return {
      number,
      at: at + networkClock.aheadMs,
      way,
      protocol,
      local: printHostPort(local.address, local.port),
      remote: printHostPort(remote.address, remote.port),
      peer: leg?.peer ?? deviceIn(text),
      callId,
      text: blank(text, isFree ? () => true : isShown),
    }
  }

  /** A phone names itself in From or To, except in calls. */
  function deviceIn(text: string): string | null {
    for (const [, name = ''] of text.matchAll(/^(?:from|to|f|t)[ \t]*:[^\r\n]*?sips?:([A-Za-z][A-Za-z0-9._-]{0,63})@/gim)) {
      const id = parseDeviceId(name)
      if (id !== null && directory.device(id)) return id
    }
    return null
  }

  return {
    trace: begin,
    traced: next,
    close() {
      isClosed = true
      live.clear()
    },
  }
}
