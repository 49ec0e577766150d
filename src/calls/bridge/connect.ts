import type { DeviceId } from '../../base/identity.js'
import { dialogCapabilities, type SipDialog } from '../../srf/srf.js'
import type { Call } from '../call.js'
import { endings } from '../call-control.js'
import { type Branch, letGo, type Taken } from '../dial/fork.js'
import type { Failure, Termination } from '../failure.js'
import { withoutNamesIn } from '../identity/anonymous-session.js'
import type { CallNeeds } from '../needs.js'
import { ourReason } from '../reason-header.js'
import { type Bridge, type BridgeEnd, bridge } from './bridge.js'
import type { FarNode } from './node-legs.js'
import { sessionDescription } from './session-description.js'

/** `missed`: the caller was gone, or could not be answered. */
export type Connected =
  | { readonly outcome: 'ended'; readonly termination: Termination }
  | { readonly outcome: 'missed'; readonly failure: Failure }

/** Joins the two legs of a call that leg B has answered, and stays until it has ended. The callee's phone is busy with it all the time. */
export async function connect(call: Call, branch: Branch, taken: Taken, needs: CallNeeds): Promise<Connected> {
  const { device } = branch
  const over = device && needs.activity.began({ device, kind: 'ordinary', hangUp: call.control.hangUp })
  try {
    return await join(call, branch, taken, needs)
  } finally {
    over?.()
  }
}

async function join(call: Call, branch: Branch, taken: Taken, needs: CallNeeds): Promise<Connected> {
  const { ending } = call.control
  if (ending !== null) {
    void letGo(taken, { Reason: ourReason(endings[ending].text) })
    return { outcome: 'missed', failure: { reason: endings[ending].refusal } }
  }
  // Until the caller's ACK is there, only the callee's leg can be ended (RFC 3261 §15); the caller's follows.
  call.control.endBy((text) => void letGo(taken, { Reason: ourReason(text) }))
  const caller = await acceptCaller(call, taken)
  if (!caller) return { outcome: 'missed', failure: { reason: call.invite.cancelled ? 'cancelled' : 'fault' } }
  const callee = taken.outcome === 'answered' ? taken.dialog : await answerOffer(call, caller, taken)
  if (!callee) return { outcome: 'ended', termination: withoutCallee(call) }
  const joined = bridge(caller, callee, call.caller.kind)
  call.control.endBy(joined.hangUp)
  call.course.answered = needs.clock.now()
  call.log.info({ event: 'call.answered', legB: callee.callId }, 'answered')
  const watched = watchFarEnds({ call, caller, callee, branch }, joined, needs)
  const end = await new Promise<BridgeEnd>((resolve) => joined.onEnd(resolve))
  return { outcome: 'ended', termination: watched.stop() ?? terminationOf(end) }
}

/** The caller did not answer the callee's offer, or the call was to end meanwhile. */
function withoutCallee({ control: { ending } }: Call): Termination {
  if (ending === null) return { result: 'client', reason: 'no answer to the offer' }
  return { result: 'indeterminate', reason: endings[ending].text.toLowerCase() }
}

function terminationOf({ by, reason }: BridgeEnd): Termination {
  if (by !== 'server') return { result: 'success', reason: `hung up by ${by}` }
  const text = /text="([^"]*)"/.exec(reason)?.[1] ?? reason
  return { result: 'indeterminate', reason: text === '' ? 'lost' : text.toLowerCase() }
}

interface Legs {
  readonly call: Call
  readonly caller: SipDialog
  readonly callee: SipDialog
  readonly branch: Branch
}

/** Ends the call when the node or the phone at one of its ends has lost it. `stop` answers how it ended; null: in another way. */
function watchFarEnds({ call, caller, callee, branch }: Legs, joined: Bridge, needs: CallNeeds): { stop(): Termination | null } {
  let termination: Termination | null = null
  const orphan = (what: 'node' | 'phone') => () => {
    termination = { result: what === 'node' ? 'server' : 'client', reason: `${what} lost` }
    joined.hangUp(`The ${what} at the other end is lost`)
  }
  const onNode = (node: FarNode, dialog: SipDialog) => needs.peers.watchDialog(node, dialog, orphan('node'))
  const proof = call.control.isHelp ? 'certain' : 'likely'
  const onPhone = (device: DeviceId, dialog: SipDialog) => needs.phoneLegs.watch({ device, dialog, proof, onDead: orphan('phone') })
  const stops = [
    ...(call.caller.kind === 'node' ? [onNode(call.caller.node, caller)] : []),
    ...(call.caller.kind === 'device' ? [onPhone(call.caller.device.id, caller)] : []),
    ...(branch.node ? [onNode(branch.node, callee)] : []),
    ...(branch.device ? [onPhone(branch.device, callee)] : []),
  ]
  return {
    stop() {
      for (const stop of stops) stop()
      return termination
    },
  }
}

async function acceptCaller(call: Call, taken: Taken): Promise<SipDialog | null> {
  try {
    const dialog = await call.invite.accept({ sdp: sessionDescription(taken.answer), headers: dialogCapabilities })
    return call.party.isPrivate ? withoutNamesIn(dialog) : dialog
  } catch {
    // The caller gave up in the very moment of the answer, an ordinary race; or the answer cannot be sent on. Leg B is told.
    await letGo(taken)
    return null
  }
}

/** RFC 3261 §13.2.2.4: the INVITE had no offer, so the callee's is in the 200 and the caller's answer comes with the ACK. */
function answerOffer(call: Call, caller: SipDialog, taken: Extract<Taken, { outcome: 'offered' }>): Promise<SipDialog | null> {
  return new Promise((resolve) => {
    let settled = false
    let reason = noAnswerToOffer
    async function give(sdp: string): Promise<void> {
      if (settled) return
      settled = true
      resolve(sdp === '' || reason !== noAnswerToOffer ? await giveUp() : await taken.ack(sdp).catch(giveUp))
    }
    async function giveUp(): Promise<null> {
      await Promise.all([taken.abandon(), caller.bye({ Reason: reason })])
      return null
    }
    call.control.endBy((text) => {
      reason = ourReason(text)
      void taken.abandon()
    })
    caller.onAck(give)
    caller.onEnd(() => give(''))
  })
}

const noAnswerToOffer = 'SIP;cause=488;text="No answer to the offer"'
