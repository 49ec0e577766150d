import type { SipAnswer } from '../../srf/srf.js'
import { type Connected, connect } from '../bridge/connect.js'
import { passedReason } from '../bridge/passed-headers.js'
import { sessionDescription } from '../bridge/session-description.js'
import type { Call } from '../call.js'
import { endings } from '../call-control.js'
import { type RefusalReason, reasonOf } from '../failure.js'
import type { CallNeeds } from '../needs.js'
import { ourReason } from '../reason-header.js'
import { type Branch, type Calling, type RingResult, ring } from './fork.js'

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
  /** For the log: `user 100`. */
  readonly to: string
}

/** Rings, and when somebody answers, joins the two legs and stays until the call has ended. */
export async function place(call: Call, { branches, ringMs, silenceMs, to }: Attempt, needs: CallNeeds): Promise<Placed> {
  const ringing = ring({
    srf: needs.srf,
    clock: needs.clock,
    branches,
    sdp: call.offer || null,
    ringMs,
    silenceMs,
    stuckMs: ringMs,
    graceMs: needs.busyGraceMs,
    onProvisional: provisionalRelay(call, branches.length),
  })
  call.course.reached = to
  call.log.info({ event: 'call.routed', to, branches: branches.length }, `to ${to}`)
  const devices = new Set(branches.flatMap((branch) => branch.device ?? []))
  const stopWatching = needs.hotdesk.onChange(({ device, before }) => {
    if (before !== null && devices.has(device)) ringing.withdraw(device)
  })
  const nodes = branches.filter((branch) => branch.node !== undefined)
  const stopsOfNodes = nodes.flatMap((branch) => (branch.node ? [needs.peers.watchSetUp(branch.node, () => ringing.fail(branch))] : []))
  void ringing.result.then(() => {
    for (const stop of [stopWatching, ...stopsOfNodes]) stop()
  })
  return follow(call, ringing, branches, needs)
}

/** Who is asked, as far as the meaning of a refusal depends on it. */
type Asked = Pick<Branch, 'device' | 'node'>

/** Nobody of ours. */
export const outside: readonly Asked[] = [{ device: null }]

/** Waits for an answer, or for the end of the caller's patience; then joins the two legs and stays until the call has ended. */
export async function follow(call: Call, calling: Calling, asked: readonly Asked[], needs: CallNeeds): Promise<Placed> {
  const { invite, caller, control } = call
  invite.onCancel((reason) => calling.cancel(passedReason(reason, caller)))
  control.endBy((text) => calling.cancel(ourReason(text)))
  // Rings nothing for a node that has died.
  const stop = caller.kind === 'node' ? needs.peers.watchSetUp(caller.node, () => calling.cancel('')) : null
  const result = await calling.result
  stop?.()
  return result.outcome === 'taken' ? connect(call, result.branch, result.taken, needs) : missed(call, result, asked)
}

function missed({ invite, control }: Call, result: Exclude<RingResult, { outcome: 'taken' }>, asked: readonly Asked[]): Placed {
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
      return { outcome: 'missed', failure: { reason: result.reason ?? reasonFor(result.answer, asked), answer: result.answer } }
  }
}

/** 410 or 503 without a reason: the phone has left its Contact or its connection is gone; a node has died or is stopping. */
const goneStatuses: ReadonlySet<number> = new Set([410, 503])

/** Why nobody was reached, from the response that speaks for all branches. */
export function reasonFor(answer: SipAnswer, asked: readonly Asked[]): RefusalReason {
  // Only a node of ours gives a reason of its own.
  const reason = asked.some(({ node }) => node !== undefined) ? reasonOf(answer) : reasonOf({ ...answer, header: () => '' })
  const isOurs = asked.every(({ device, node }) => device !== null || node !== undefined)
  if (reason === 'redirected' && !isOurs) return 'upstream'
  return reason === 'upstream' && goneStatuses.has(answer.status) && isOurs ? 'not-reachable' : reason
}

/** Ringing and early media go to the caller; of several phones only that they ring, since their media cannot be mixed. */
export function provisionalRelay({ invite }: Call, branches: number): (answer: SipAnswer) => void {
  // RFC 3262 §3: a caller that requires it gets its provisional responses reliably.
  const reliable = /\b100rel\b/i.test(invite.header('Require')) ? { Require: '100rel' } : {}
  return (answer) => {
    if (answer.status <= 100 || invite.cancelled || invite.answered) return
    const body = branches === 1 ? sessionDescription(answer) : ''
    invite.respond(body === '' ? 180 : answer.status, { headers: reliable, ...(body === '' ? {} : { body }) })
  }
}
