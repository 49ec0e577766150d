import type { Alarm, Clock } from '../../base/clock.js'
import type { DeviceId } from '../../base/identity.js'
import type { InviteResult, OutgoingInvite, OutgoingParts, SipAnswer, SipApplication, SipHeaders } from '../../srf/srf.js'
import type { FarNode } from '../bridge/node-legs.js'
import type { RefusalReason } from '../failure.js'
import { ourReason } from '../reason-header.js'
import { createRefusals } from './busy-grace.js'

/** One phone, trunk or node that is asked. */
export interface Branch {
  readonly uri: string
  readonly parts: OutgoingParts
  /** The phone that rings at this node; null for a trunk or another node. */
  readonly device: DeviceId | null
  /** The other node that is asked. */
  readonly node?: FarNode
}

export type Taken = Exclude<InviteResult, { outcome: 'failed' }>

export type RingResult =
  | { readonly outcome: 'taken'; readonly branch: Branch; readonly taken: Taken }
  /** `reason` is what the caller is told if the response does not say it. */
  | { readonly outcome: 'failed'; readonly answer: SipAnswer; readonly reason?: RefusalReason }
  | { readonly outcome: 'no-answer' }
  /** The caller gave up. */
  | { readonly outcome: 'cancelled' }
  /** Every phone that rang was logged out meanwhile. */
  | { readonly outcome: 'withdrawn' }

/** An attempt to reach somebody. */
export interface Calling {
  readonly result: Promise<RingResult>
  /** The caller gave up; `reason` is the Reason header of the CANCELs. */
  cancel(reason: string): void
}

export interface Ringing extends Calling {
  /** The user is no longer at this phone. */
  withdraw(device: DeviceId): void
  /** The branch has lost its far end: the same as a time-out. */
  fail(branch: Branch): void
}

export interface RingNeeds {
  readonly srf: SipApplication
  readonly clock: Clock
  readonly branches: readonly Branch[]
  readonly sdp: string | null
  readonly ringMs: number
  /** Nobody has said anything by then: the same as a time-out. */
  readonly silenceMs: number
  /** Somebody has said 100 and nothing more so long after it: the same. */
  readonly stuckMs: number
  /** Of several branches: how long after a refusal the silent ones may still begin to ring. */
  readonly graceMs?: number
  readonly onProvisional: (answer: SipAnswer) => void
  /** Every final response, also to a branch that was cancelled. */
  readonly onFinal?: (answer: SipAnswer) => void
}

// RFC 3326 §2 and RFC 3261 §16.7: phones that lose the race must not show a missed call.
export const answeredElsewhere = 'SIP;cause=200;text="Call completed elsewhere"'

const silent: SipAnswer = { status: 408, reason: 'Request Timeout', header: () => '', body: '', madeHere: 'server' }
/** Whoever has taken the call does not get on with it. */
export const stuck: SipAnswer = { ...silent, reason: 'No Progress' }

/** Rings all branches at once; the first to answer has the call, the others are cancelled. */
export function ring(needs: RingNeeds): Ringing {
  const { srf, clock, branches, sdp, ringMs, silenceMs, stuckMs, graceMs = 0, onProvisional, onFinal } = needs
  const refusals = createRefusals({
    clock,
    graceMs,
    hearsTrying: srf.hearsTrying,
    onlySilentAreLeft: () => end({ outcome: 'failed', answer: best(failures) }, ''),
  })
  const waiting = new Map<Branch, OutgoingInvite>()
  const failures: SipAnswer[] = []
  let settle: (result: RingResult) => void = () => undefined
  let settled = false
  const result = new Promise<RingResult>((resolve) => {
    settle = resolve
  })

  function end(outcome: RingResult, reason: string): void {
    if (settled) return
    settled = true
    noAnswer.cancel()
    silence.cancel()
    refusals.close()
    for (const invite of waiting.values()) invite.cancel(reasonHeader(reason))
    settle(outcome)
  }

  function took(branch: Branch, outcome: InviteResult): void {
    const wanted = waiting.delete(branch) && !settled
    onFinal?.(outcome.answer)
    if (outcome.outcome === 'failed') {
      if (wanted) missed(branch, outcome.answer)
    } else if (wanted) {
      end({ outcome: 'taken', branch, taken: outcome }, answeredElsewhere)
    } else {
      // The 200 crossed our CANCEL.
      void letGo(outcome)
    }
  }

  function missed(branch: Branch, answer: SipAnswer): void {
    failures.push(answer)
    // RFC 3261 §16.7 step 5: a 6xx speaks for all.
    if (answer.status >= 600 || waiting.size === 0) end({ outcome: 'failed', answer: best(failures) }, '')
    else refusals.refused(branch, answer)
  }

  const noAnswer = clock.after(ringMs, () => end({ outcome: 'no-answer' }, ourReason('No answer')))
  let isTaken = false
  let silence: Alarm = clock.after(silenceMs, () => end({ outcome: 'failed', answer: silent }, ''))

  function signOfLife({ status }: SipAnswer): void {
    if (status === 100 && isTaken) return
    silence.cancel()
    isTaken = true
    if (status === 100 && !settled) silence = clock.after(stuckMs, () => end({ outcome: 'failed', answer: stuck }, ''))
  }

  for (const branch of branches) {
    const invite = srf.invite(branch.uri, sdp, branch.parts)
    waiting.set(branch, invite)
    invite.onProvisional((answer) => {
      signOfLife(answer)
      if (settled || !waiting.has(branch)) return
      refusals.heard(branch, answer)
      onProvisional(answer)
    })
  }
  for (const [branch, invite] of waiting) void invite.result.then((outcome) => took(branch, outcome))

  return {
    result,
    cancel: (reason) => end({ outcome: 'cancelled' }, reason),
    fail(branch) {
      const invite = waiting.get(branch)
      if (!invite || settled) return
      waiting.delete(branch)
      invite.cancel()
      missed(branch, silent)
    },
    withdraw(device) {
      for (const [branch, invite] of waiting) {
        if (branch.device !== device) continue
        waiting.delete(branch)
        invite.cancel(reasonHeader(ourReason('Logged out')))
        if (waiting.size > 0) refusals.left(branch)
      }
      if (waiting.size === 0) end({ outcome: 'withdrawn' }, '')
    },
  }
}

function reasonHeader(reason: string): SipHeaders {
  return reason === '' ? {} : { Reason: reason }
}

/** The call exists at the far end and is ended there. */
export function letGo(taken: Taken, headers: SipHeaders = {}): Promise<void> {
  return taken.outcome === 'offered' ? taken.abandon() : taken.dialog.bye(headers)
}

/**
 * RFC 3261 §16.7 step 6: a 6xx first, else the lowest class; within it, the one that says most. A 305 or 380 says less than any refusal, for it
 * is not followed.
 */
export function best(answers: readonly SipAnswer[]): SipAnswer {
  const [first, ...others] = answers
  if (!first) throw new Error('no failure to choose from')
  return others.reduce((chosen, answer) => (rank(answer) < rank(chosen) ? answer : chosen), first)
}

function rank({ status }: SipAnswer): number {
  if (status >= 600) return 0
  if (status === 305 || status === 380) return 999
  // "Busy" tells the caller more than "nobody there"; a phone that never answered (408) tells least.
  const weight = status === 486 ? 1 : status === 408 || status === 503 ? 90 : 50
  return Math.floor(status / 100) * 100 + weight
}
