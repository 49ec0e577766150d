import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import type { SipReply } from '../../srf/srf.js'
import { answeredElsewhere } from '../reason-header.js'
import { type Attempt, type AttemptResult, release } from './fork.js'

/**
 * What a refusal by one trunk means to the call. `fault`: of the trunk alone. `refused`: another trunk may take the call. `final`: no trunk
 * will.
 */
export type Verdict = 'fault' | 'refused' | 'final'

/** A call over one trunk. */
export interface TrunkAttempt extends Attempt {
  /** Another trunk has the call, or a refusal that is final. */
  passOver(reason: string): void
}

export interface TrunkTurn<Way> {
  readonly way: Way
  /** No other way is left. */
  readonly isLast: boolean
  /** To be called when the far end rings. */
  readonly onRinging: () => void
}

export interface HuntNeeds<Way> {
  /** Ways to trunks, in the order in which they are tried. */
  readonly ways: readonly Way[]
  /** When the next trunk is called beside a silent one; null: only after it. */
  readonly besideMs: Milliseconds | null
  /** Whether this way may be tried beside a silent one. */
  readonly mayBeBeside: (way: Way) => boolean
  readonly clock: Clock
  readonly call: (turn: TrunkTurn<Way>) => TrunkAttempt
  readonly judge: (response: SipReply, way: Way) => Verdict
}

/**
 * Calls trunks in order until one takes the call. While the far end rings over one trunk, no other is called. If several are called at once,
 * the first to answer gets the call and the others are cancelled. A 200 that crosses its CANCEL is ended with BYE.
 */
export function huntTrunks<Way>({ ways, besideMs, mayBeBeside, clock, call, judge }: HuntNeeds<Way>): Attempt {
  const waiting = [...ways]
  const live = new Map<Way, TrunkAttempt>()
  const ringing = new Set<Way>()
  // A refusal tells the caller more than the fault of a trunk.
  let bestMiss: AttemptResult = { outcome: 'failed', response: noTrunk, reason: 'no-trunk' }
  let beside: Alarm | null = null
  let isSettled = false
  let isAccepted = false
  let settle: (result: AttemptResult) => void = () => undefined
  const result = new Promise<AttemptResult>((resolve) => {
    settle = resolve
  })

  function end(outcome: AttemptResult, leave: (attempt: TrunkAttempt) => void): void {
    if (isSettled) return
    isSettled = true
    isAccepted = outcome.outcome === 'accepted'
    beside?.cancel()
    for (const attempt of live.values()) leave(attempt)
    settle(outcome)
  }

  function callNext(): void {
    beside?.cancel()
    const way = waiting.shift()
    if (way === undefined) return
    const isLast = waiting.length === 0
    const attempt = call({ way, isLast, onRinging: () => void ringing.add(way) })
    live.set(way, attempt)
    void attempt.result.then((outcome) => onResult(way, outcome))
    const [next] = waiting
    if (besideMs !== null && next !== undefined && mayBeBeside(next)) beside = clock.after(besideMs, callBeside)
  }

  function callBeside(): void {
    if (ringing.size === 0) callNext()
  }

  function onResult(way: Way, outcome: AttemptResult): void {
    live.delete(way)
    ringing.delete(way)
    if (isSettled) {
      // Answered at the same moment as another trunk, or as the caller gave up.
      if (outcome.outcome === 'accepted') void release(outcome.leg, isAccepted ? { Reason: answeredElsewhere } : {})
      return
    }
    if (outcome.outcome === 'accepted') end(outcome, (attempt) => attempt.passOver(answeredElsewhere))
    else onMiss(way, outcome)
  }

  function onMiss(way: Way, outcome: Exclude<AttemptResult, { outcome: 'accepted' }>): void {
    const verdict = outcome.outcome === 'failed' ? judge(outcome.response, way) : 'final'
    if (verdict !== 'fault') bestMiss = outcome
    if (verdict === 'final') waiting.length = 0
    if (ringing.size > 0) return
    if (waiting.length > 0) callNext()
    else if (live.size === 0 || verdict === 'final') end(bestMiss, (attempt) => attempt.passOver(''))
  }

  if (waiting.length > 0) callNext()
  else settle(bestMiss)
  return { result, cancel: (reason) => end({ outcome: 'cancelled' }, (attempt) => attempt.cancel(reason)) }
}

const noTrunk: SipReply = { status: 503, reason: 'No Trunk', header: () => '', body: '', madeHere: 'server' }
