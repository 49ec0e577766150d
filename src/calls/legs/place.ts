import type { SipAnswer } from '../../srf/srf.js'
import type { Call } from '../call.js'
import { type RefusalReason, reasonOf } from '../failure.js'
import type { CallNeeds } from '../needs.js'
import { type Connected, connect } from './connect.js'
import { endings } from './control.js'
import { passedReason } from './passed-headers.js'
import { ourReason } from './reason.js'
import { type Branch, type Ringing, type RingResult, ring } from './ring.js'
import { sessionDescription } from './session-body.js'

/** What became of one attempt to reach somebody. */
export type Placed =
  | Connected
  /** The phones that rang were logged out meanwhile. */
  | { readonly outcome: 'withdrawn' }

export interface Attempt {
  readonly branches: readonly Branch[]
  readonly ringMs: number
  /** Nothing heard at all by then: the attempt has failed. */
  readonly silenceMs: number
  /** Nothing but a 100 heard for so long: the attempt has failed. As long as it may ring, where nothing is said. */
  readonly stuckMs?: number
  /** For the log: `user 100`, `trunk paris-pstn`. */
  readonly to: string
  /** Every response but 100, at the moment it arrives. */
  readonly onResponse?: (answer: SipAnswer) => void
}

/** Rings, and when somebody answers, joins the two legs and stays until the call has ended. */
export async function place(call: Call, attempt: Attempt, needs: CallNeeds): Promise<Placed> {
  const { branches, ringMs, silenceMs, stuckMs = ringMs, to, onResponse } = attempt
  const { invite, log } = call
  const relay = provisionalRelay(call, branches.length)
  const ringing = ring({
    srf: needs.srf,
    clock: needs.clock,
    branches,
    sdp: call.offer || null,
    ringMs,
    silenceMs,
    stuckMs,
    onProvisional(answer) {
      if (answer.status > 100) onResponse?.(answer)
      relay(answer)
    },
  })
  call.course.reached = to
  log.info({ event: 'call.routed', to, branches: branches.length }, `to ${to}`)
  invite.onCancel((reason) => ringing.cancel(passedReason(reason, call.caller)))
  call.control.endBy((text) => ringing.cancel(ourReason(text)))
  const devices = new Set(branches.flatMap((branch) => branch.device ?? []))
  const stopWatching = needs.hotdesk.onChange(({ device, before }) => {
    if (before !== null && devices.has(device)) ringing.withdraw(device)
  })
  const stopsOfPeers = watchSetUp(call, branches, ringing, needs)
  const result = await ringing.result
  for (const stop of [stopWatching, ...stopsOfPeers]) stop()
  if (result.outcome === 'taken') onResponse?.(result.taken.answer)
  if (result.outcome === 'failed') onResponse?.(result.answer)
  return result.outcome === 'taken' ? connect(call, result.branch, result.taken, needs) : missed(call, result, branches)
}

/** Rings nothing for a node that has died, and does not wait for one. */
function watchSetUp({ caller }: Call, branches: readonly Branch[], ringing: Ringing, { peers }: CallNeeds): readonly (() => void)[] {
  const ofCaller = caller.kind === 'node' ? [peers.watchSetUp(caller.node, () => ringing.cancel(''))] : []
  const ofCallees = branches.flatMap((branch) => (branch.node ? [peers.watchSetUp(branch.node, () => ringing.fail(branch))] : []))
  return [...ofCaller, ...ofCallees]
}

function missed({ invite, control }: Call, result: Exclude<RingResult, { outcome: 'taken' }>, branches: readonly Branch[]): Placed {
  switch (result.outcome) {
    case 'withdrawn':
      return { outcome: 'withdrawn' }
    case 'no-answer':
      return { outcome: 'missed', failure: { reason: 'no-answer' } }
    case 'cancelled':
      return {
        outcome: 'missed',
        failure: { reason: invite.cancelled || control.ending === null ? 'cancelled' : endings[control.ending].refusal },
      }
    case 'failed':
      return { outcome: 'missed', failure: { reason: reasonFor(result.answer, branches), answer: result.answer } }
  }
}

/** 410 or 503 without a reason: the phone has left its Contact or its connection is gone; a node has died or is stopping. */
const goneStatuses: ReadonlySet<number> = new Set([410, 503])

/** Why nobody was reached, from the response that speaks for all branches. */
export function reasonFor(answer: SipAnswer, branches: readonly Pick<Branch, 'device' | 'node'>[]): RefusalReason {
  // Only a node of ours gives a reason of its own.
  const reason = branches.some(({ node }) => node !== undefined) ? reasonOf(answer) : reasonOf({ ...answer, header: () => '' })
  const isOurs = branches.every(({ device, node }) => device !== null || node !== undefined)
  return reason === 'upstream' && goneStatuses.has(answer.status) && isOurs ? 'not-reachable' : reason
}

/** Ringing and early media go to the caller; of several phones only that they ring, since their media cannot be mixed. */
function provisionalRelay({ invite }: Call, branches: number): (answer: SipAnswer) => void {
  // RFC 3262 §3: a caller that requires it gets its provisional responses reliably.
  const reliable = /\b100rel\b/.test(invite.header('Require')) ? { Require: '100rel' } : {}
  return (answer) => {
    if (answer.status <= 100 || invite.cancelled || invite.answered) return
    const body = branches === 1 ? sessionDescription(answer) : ''
    invite.respond(body === '' ? 180 : answer.status, { headers: reliable, ...(body === '' ? {} : { body }) })
  }
}
