import type { DeviceId } from '../../base/identity.js'
import type { SipAnswer, SipDialog } from '../../srf/srf.js'
import type { ActiveCall } from '../activity.js'
import { type Call, legCapabilities } from '../call.js'
import { type Failure, type RefusalReason, reasonOf, type Termination } from '../failure.js'
import type { CallNeeds } from '../needs.js'
import { type Bridge, type BridgeEnd, bridge } from './bridge.js'
import { type Branch, type RingResult, ring, type Taken } from './ring.js'

/** What became of one attempt to reach somebody. */
export type Placed =
  | { readonly outcome: 'ended'; readonly termination: Termination }
  | { readonly outcome: 'missed'; readonly failure: Failure }
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
    sdp: invite.body || null,
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
  invite.onCancel((reason) => ringing.cancel(reason))
  call.control.hangUp = (text) => ringing.cancel(`SIP;cause=480;text="${text}"`)
  const devices = new Set(branches.flatMap((branch) => branch.device ?? []))
  const stopWatching = needs.hotdesk.onChange(({ device, before }) => {
    if (before !== null && devices.has(device)) ringing.withdraw(device)
  })
  const result = await ringing.result
  stopWatching()
  if (result.outcome === 'taken') onResponse?.(result.taken.answer)
  if (result.outcome === 'failed') onResponse?.(result.answer)
  return result.outcome === 'taken' ? connect(call, result.branch, result.taken, needs) : missed(result, branches)
}

function missed(result: Exclude<RingResult, { outcome: 'taken' }>, branches: readonly Branch[]): Placed {
  switch (result.outcome) {
    case 'withdrawn':
      return { outcome: 'withdrawn' }
    case 'no-answer':
      return { outcome: 'missed', failure: { reason: 'no-answer' } }
    case 'cancelled':
      return { outcome: 'missed', failure: { reason: 'cancelled' } }
    case 'failed':
      return { outcome: 'missed', failure: { reason: reasonFor(result.answer, branches), answer: result.answer } }
  }
}

/** A 503 for a phone is our own server's: the connection is gone, or nothing listens at its address any more. */
function reasonFor(answer: SipAnswer, branches: readonly Branch[]): RefusalReason {
  const phonesOnly = branches.every(({ device }) => device !== null)
  return answer.status === 503 && phonesOnly ? 'not-reachable' : reasonOf(answer)
}

/** Ringing and early media go to the caller; of several phones only that they ring, since their media cannot be mixed. */
function provisionalRelay({ invite }: Call, branches: number): (answer: SipAnswer) => void {
  // RFC 3262 §3: a caller that requires it gets its provisional responses reliably.
  const reliable = /\b100rel\b/.test(invite.header('Require')) ? { Require: '100rel' } : {}
  return (answer) => {
    if (answer.status <= 100 || invite.cancelled || invite.answered) return
    const body = branches === 1 ? answer.body : ''
    const type = body === '' ? {} : { 'Content-Type': answer.header('Content-Type') || 'application/sdp' }
    invite.respond(body === '' ? 180 : answer.status, { headers: { ...reliable, ...type }, ...(body === '' ? {} : { body }) })
  }
}

async function connect(call: Call, branch: Branch, taken: Taken, needs: CallNeeds): Promise<Placed> {
  const caller = await acceptCaller(call, taken)
  if (!caller) return { outcome: 'missed', failure: { reason: call.invite.cancelled ? 'cancelled' : 'fault' } }
  const callee = taken.outcome === 'answered' ? taken.dialog : await answerOffer(caller, taken)
  if (!callee) return { outcome: 'ended', termination: { result: 'client', reason: 'no answer to the offer' } }
  const joined = bridge(caller, callee)
  call.control.hangUp = joined.hangUp
  call.course.answered = needs.clock.now()
  call.log.info({ event: 'call.answered', legB: callee.callId }, 'answered')
  const end = await untilEnd(joined, branch.device, needs)
  return { outcome: 'ended', termination: { result: 'success', reason: `hung up by ${end.by}` } }
}

async function acceptCaller(call: Call, taken: Taken): Promise<SipDialog | null> {
  try {
    const type = taken.answer.header('Content-Type')
    return await call.invite.accept({ sdp: taken.answer.body, headers: { ...legCapabilities, ...(type && { 'Content-Type': type }) } })
  } catch {
    // The caller gave up in the very moment of the answer, an ordinary race; or the answer cannot be sent on. Leg B is told.
    await (taken.outcome === 'offered' ? taken.abandon() : taken.dialog.bye())
    return null
  }
}

/** RFC 3261 §13.2.2.4: the INVITE had no offer, so the callee's is in the 200 and the caller's answer comes with the ACK. */
function answerOffer(caller: SipDialog, taken: Extract<Taken, { outcome: 'offered' }>): Promise<SipDialog | null> {
  return new Promise((resolve) => {
    let settled = false
    async function give(sdp: string): Promise<void> {
      if (settled) return
      settled = true
      resolve(sdp === '' ? await giveUp() : await taken.ack(sdp).catch(giveUp))
    }
    async function giveUp(): Promise<null> {
      await Promise.all([taken.abandon(), caller.bye({ Reason: 'SIP;cause=488;text="No answer to the offer"' })])
      return null
    }
    caller.onAck(give)
    caller.onEnd(() => give(''))
  })
}

/** The callee's phone has a call as long as the bridge stands. */
function untilEnd(joined: Bridge, device: DeviceId | null, { activity }: CallNeeds): Promise<BridgeEnd> {
  const call: ActiveCall | null = device && { device, kind: 'ordinary', hangUp: joined.hangUp }
  const over = call ? activity.began(call) : undefined
  return new Promise((resolve) => {
    joined.onEnd((end) => {
      over?.()
      resolve(end)
    })
  })
}
