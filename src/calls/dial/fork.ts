import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import type { DeviceId } from '../../base/identity.js'
import type { Trunk } from '../../dialplan/dialplan.js'
import type { InviteResult, OutgoingInvite, OutgoingParts, SipApplication, SipHeaders, SipReply } from '../../srf/srf.js'
import type { MovedLeg } from '../bridge/moved-leg.js'
import type { FarNode } from '../bridge/node-legs.js'
import type { RefusalReason } from '../failure.js'
import { answeredElsewhere, ourReason, reasonHeaders } from '../reason-header.js'
import { createBusyGrace } from './busy-grace.js'

/** One phone, trunk or node that is called. */
export interface Branch {
  readonly uri: string
  readonly parts: OutgoingParts
  /** A phone at this node; null for a trunk or another node. */
  readonly device: DeviceId | null
  /** The other node. */
  readonly node?: FarNode
  readonly trunk?: Trunk
}

/** A leg whose far end has sent a 2xx. */
export type AcceptedLeg = Exclude<InviteResult, { outcome: 'failed' }> | MovedLeg

export type AttemptResult =
  | { readonly outcome: 'accepted'; readonly branch: Branch; readonly leg: AcceptedLeg }
  /** `reason` overrides the meaning of the response. */
  | { readonly outcome: 'failed'; readonly response: SipReply; readonly reason?: RefusalReason }
  | { readonly outcome: 'no-answer' }
  /** The caller gave up. */
  | { readonly outcome: 'cancelled' }
  /** Every phone that rang was logged out meanwhile. */
  | { readonly outcome: 'withdrawn' }

/** An attempt to reach a destination. */
export interface Attempt {
  readonly result: Promise<AttemptResult>
  /** The caller gave up. `reason` becomes the Reason header of the CANCELs. */
  cancel(reason: string): void
}

export interface Fork extends Attempt {
  /** The INVITE of a branch was sent. */
  onSent(listener: (branch: Branch, callId: string) => void): void
  /** The user has left this phone. */
  withdraw(device: DeviceId): void
  /** The branch has lost its far end. Counts as a timeout. */
  fail(branch: Branch): void
  /** A leg from elsewhere takes the call, and all branches are cancelled. False: the call has stopped ringing. */
  take(branch: Branch, leg: AcceptedLeg): boolean
}

export interface ForkNeeds {
  readonly srf: SipApplication
  readonly clock: Clock
  readonly branches: readonly Branch[]
  readonly sdp: string | null
  readonly ringMs: Milliseconds
  /** Fails like a timeout if no branch has responded by then. */
  readonly silenceMs: Milliseconds
  /** Fails the same way this long after a 100 that nothing has followed. */
  readonly noProgressMs: Milliseconds
  /** How long after a refusal by one branch the silent ones may still begin to ring. */
  readonly graceMs?: Milliseconds
  readonly onProvisional: (response: SipReply, branch: Branch) => void
  /** Every final response, including those of cancelled branches. */
  readonly onFinal?: (response: SipReply) => void
}

const silence: SipReply = { status: 408, reason: 'Request Timeout', header: () => '', body: '', madeHere: 'server' }
/** The far end sent 100 and nothing after it. */
export const noProgress: SipReply = { ...silence, reason: 'No Progress' }

/** Calls all branches at once. The first to answer gets the call, the others are cancelled. */
export function fork(needs: ForkNeeds): Fork {
  const { srf, clock, branches, sdp, ringMs, silenceMs, noProgressMs, graceMs = 0, onProvisional, onFinal } = needs
  const busyGrace = createBusyGrace({
    clock,
    graceMs,
    reportsTrying: srf.reportsTrying,
    onOnlySilentLeft: () => end({ outcome: 'failed', response: bestOf(failures) }, ''),
  })
  const pending = new Map<Branch, OutgoingInvite>()
  const failures: SipReply[] = []
  let settle: (result: AttemptResult) => void = () => undefined
  let settled = false
  const result = new Promise<AttemptResult>((resolve) => {
    settle = resolve
  })

  function end(outcome: AttemptResult, reason: string): void {
    if (settled) return
    settled = true
    ringTimer.cancel()
    silenceTimer.cancel()
    busyGrace.close()
    for (const invite of pending.values()) invite.cancel(reasonHeaders(reason))
    settle(outcome)
  }

  function onResult(branch: Branch, outcome: InviteResult): void {
    const isWanted = pending.delete(branch) && !settled
    onFinal?.(outcome.reply)
    if (outcome.outcome === 'failed') {
      if (isWanted) onFailure(branch, outcome.reply)
    } else if (isWanted) {
      end({ outcome: 'accepted', branch, leg: outcome }, answeredElsewhere)
    } else {
      // The 200 crossed our CANCEL.
      void release(outcome)
    }
  }

  function onFailure(branch: Branch, response: SipReply): void {
    failures.push(response)
    // RFC 3261 §16.7 step 5: a 6xx decides for all branches.
    if (response.status >= 600 || pending.size === 0) end({ outcome: 'failed', response: bestOf(failures) }, '')
    else busyGrace.refused(branch, response)
  }

  const ringTimer = clock.after(ringMs, () => end({ outcome: 'no-answer' }, ourReason('No answer')))
  const onSent: ((branch: Branch, callId: string) => void)[] = []
  let hasResponded = false
  let silenceTimer: Alarm = clock.after(silenceMs, () => end({ outcome: 'failed', response: silence }, ''))

  function noteLife({ status }: SipReply): void {
    if (status === 100 && hasResponded) return
    silenceTimer.cancel()
    hasResponded = true
    if (status === 100 && !settled) silenceTimer = clock.after(noProgressMs, () => end({ outcome: 'failed', response: noProgress }, ''))
  }

  for (const branch of branches) {
    const invite = srf.invite(branch.uri, sdp, branch.parts)
    pending.set(branch, invite)
    invite.onSent((callId) => {
      for (const listener of onSent) listener(branch, callId)
    })
    invite.onProvisional((response) => {
      noteLife(response)
      if (settled || !pending.has(branch)) return
      busyGrace.responded(branch, response)
      onProvisional(response, branch)
    })
  }
  for (const [branch, invite] of pending) void invite.result.then((outcome) => onResult(branch, outcome))

  return {
    result,
    onSent: (listener) => void onSent.push(listener),
    cancel: (reason) => end({ outcome: 'cancelled' }, reason),
    fail(branch) {
      const invite = pending.get(branch)
      if (!invite || settled) return
      pending.delete(branch)
      invite.cancel()
      onFailure(branch, silence)
    },
    take(branch, leg) {
      if (settled) return false
      end({ outcome: 'accepted', branch, leg }, answeredElsewhere)
      return true
    },
    withdraw(device) {
      for (const [branch, invite] of pending) {
        if (branch.device !== device) continue
        pending.delete(branch)
        invite.cancel(reasonHeaders(ourReason('Logged out')))
        if (pending.size > 0) busyGrace.removed(branch)
      }
      if (pending.size === 0) end({ outcome: 'withdrawn' }, '')
    },
  }
}

/** Ends a leg that was accepted but is not wanted. */
export function release(leg: AcceptedLeg, headers: SipHeaders = {}): Promise<void> {
  return leg.outcome === 'answered' ? leg.dialog.bye(headers) : leg.abandon()
}

/**
 * RFC 3261 §16.7 step 6: a 6xx first, else the lowest class, and within it the most informative. A 305 or 380 ranks behind every refusal,
 * because it is not followed.
 */
export function bestOf(responses: readonly SipReply[]): SipReply {
  const [first, ...others] = responses
  if (!first) throw new Error('no failure to choose from')
  return others.reduce((chosen, response) => (rank(response) < rank(chosen) ? response : chosen), first)
}

function rank({ status }: SipReply): number {
  if (status >= 600) return 0
  if (status === 305 || status === 380) return 999
  // "Busy" tells the caller most; a phone that never responded (408) tells least.
  const weight = status === 486 ? 1 : status === 408 || status === 503 ? 90 : 50
  return Math.floor(status / 100) * 100 + weight
}
