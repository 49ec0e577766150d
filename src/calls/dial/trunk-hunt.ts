import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import type { Trunk } from '../../dialplan/dialplan.js'
import type { SipAnswer } from '../../srf/srf.js'
import { answeredElsewhere, type Calling, letGo, type RingResult } from './fork.js'

/** What a refusal by one trunk means to the call. `fault`: of the trunk alone. `refused`: another trunk may take it. `final`: no trunk will. */
export type Verdict = 'fault' | 'refused' | 'final'

/** A call over one trunk. */
export interface TrunkCalling extends Calling {
  /** Another trunk has the call, or a refusal that speaks for all. */
  passOver(reason: string): void
}

export interface AskedTrunk {
  readonly trunk: Trunk
  /** No other trunk is left. */
  readonly isLast: boolean
  /** The far end rings. */
  readonly onRinging: () => void
}

export interface HuntNeeds {
  /** In the order in which they are asked. */
  readonly trunks: readonly Trunk[]
  /** When the next trunk is asked beside one that is silent; null: only after it. */
  readonly besideMs: Milliseconds | null
  readonly clock: Clock
  readonly ask: (asked: AskedTrunk) => TrunkCalling
  readonly judge: (answer: SipAnswer) => Verdict
}

/**
 * Asks trunks in their order until one takes the call. While the far end rings over one trunk, no other one is asked. Of several trunks
 * that are asked at once, the first to answer has the call and the others are cancelled; a 200 that crosses its CANCEL is ended by BYE.
 */
export function hunt({ trunks, besideMs, clock, ask, judge }: HuntNeeds): Calling {
  const waiting = [...trunks]
  const live = new Map<Trunk, TrunkCalling>()
  const ringing = new Set<Trunk>()
  // A fault of a trunk tells the caller less than a refusal by another one.
  let told: RingResult = { outcome: 'failed', answer: noTrunk, reason: 'no-trunk' }
  let beside: Alarm | null = null
  let isSettled = false
  let isTaken = false
  let settle: (result: RingResult) => void = () => undefined
  const result = new Promise<RingResult>((resolve) => {
    settle = resolve
  })

  function end(outcome: RingResult, leave: (calling: TrunkCalling) => void): void {
    if (isSettled) return
    isSettled = true
    isTaken = outcome.outcome === 'taken'
    beside?.cancel()
    for (const calling of live.values()) leave(calling)
    settle(outcome)
  }

  function askNext(): void {
    beside?.cancel()
    const trunk = waiting.shift()
    if (!trunk) return
    const isLast = waiting.length === 0
    const calling = ask({ trunk, isLast, onRinging: () => void ringing.add(trunk) })
    live.set(trunk, calling)
    void calling.result.then((outcome) => over(trunk, outcome))
    if (besideMs !== null && !isLast) beside = clock.after(besideMs, askBeside)
  }

  function askBeside(): void {
    if (ringing.size === 0) askNext()
  }

  function over(trunk: Trunk, outcome: RingResult): void {
    live.delete(trunk)
    ringing.delete(trunk)
    if (isSettled) {
      // It was answered in the moment in which another one was, or in which the caller gave up.
      if (outcome.outcome === 'taken') void letGo(outcome.taken, isTaken ? { Reason: answeredElsewhere } : {})
      return
    }
    if (outcome.outcome === 'taken') end(outcome, (calling) => calling.passOver(answeredElsewhere))
    else missed(outcome)
  }

  function missed(outcome: Exclude<RingResult, { outcome: 'taken' }>): void {
    const verdict = outcome.outcome === 'failed' ? judge(outcome.answer) : 'final'
    if (verdict !== 'fault') told = outcome
    if (verdict === 'final') waiting.length = 0
    if (ringing.size > 0) return
    if (waiting.length > 0) askNext()
    else if (live.size === 0 || verdict === 'final') end(told, (calling) => calling.passOver(''))
  }

  if (waiting.length > 0) askNext()
  else settle(told)
  return { result, cancel: (reason) => end({ outcome: 'cancelled' }, (calling) => calling.cancel(reason)) }
}

const noTrunk: SipAnswer = { status: 503, reason: 'No Trunk', header: () => '', body: '', madeHere: 'server' }
