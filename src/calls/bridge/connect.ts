import type { Clock } from '../../base/clock.js'
import type { DeviceId } from '../../base/identity.js'
import type { Metrics } from '../../base/metrics.js'
import type { Registrar } from '../../registrar/registrar.js'
import {
  callCapabilities,
  callOptions,
  type IncomingRequest,
  type SipDialog,
  type SipHeaders,
  trunkCapabilities,
  trunkOptions,
} from '../../srf/srf.js'
import type { Activity } from '../activity.js'
import type { Call } from '../call.js'
import { endReasons } from '../call-control.js'
import { type AcceptedLeg, type Branch, release } from '../dial/fork.js'
import type { Failure, Termination } from '../failure.js'
import { noteFarPickUp, pickerIdentity } from '../features/picked-up.js'
import { anonymousDialog } from '../identity/anonymous-session.js'
import { connectedIdentity } from '../identity/connected-identity.js'
import type { WritableUserCalls } from '../lamps/user-calls.js'
import { ourReason } from '../reason-header.js'
import { type Bridge, type BridgeEnd, bridge, type Side } from './bridge.js'
import { type Conversation, type Conversations, dialogOf, type End } from './conversations.js'
import { joinLeg } from './joined-leg.js'
import type { FarNode, NodeLegs } from './node-legs.js'
import type { PhoneLegs } from './phone-legs.js'
import { sessionDescription } from './session-description.js'

/** `missed`: the caller was gone, or the answer could not be sent. */
export type Connected =
  | { readonly outcome: 'ended'; readonly termination: Termination }
  | { readonly outcome: 'missed'; readonly failure: Failure }

export interface ConnectNeeds {
  readonly domain: string
  readonly activity: Pick<Activity, 'begin'>
  readonly nodeLegs: Pick<NodeLegs, 'watchDialog'>
  readonly phoneLegs: Pick<PhoneLegs, 'watch'>
  readonly conversations: Pick<Conversations, 'begin'>
  readonly userCalls: Pick<WritableUserCalls, 'look'>
  readonly registrar: Pick<Registrar, 'provesInDialog'>
  /** Handles a REFER of one end, and a SUBSCRIBE to what it reports. */
  readonly onRefer: (request: IncomingRequest, by: End) => void
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'callSetupSeconds'>
}

/** Bridges the caller to the leg B that has answered. Resolves when the call has ended. */
export type Connect = (call: Call, branch: Branch, leg: AcceptedLeg) => Promise<Connected>

export function createConnect(needs: ConnectNeeds): Connect {
  const { activity, nodeLegs, phoneLegs, conversations, userCalls, registrar, onRefer, domain, clock, metrics } = needs

  async function join(call: Call, branch: Branch, answered: AcceptedLeg): Promise<Connected> {
    const { endReason } = call.control
    if (endReason !== null) {
      void release(answered, { Reason: ourReason(endReasons[endReason].text) })
      return { outcome: 'missed', failure: { reason: endReasons[endReason].refusal } }
    }
    call.control.endBy((text) => void release(answered, { Reason: ourReason(text) }))
    const leg = call.isTakenOver ? await offeredAnew(call, branch, answered) : answered
    if (!leg) return { outcome: 'missed', failure: { reason: 'no-common-codec' } }
    // Until the caller's ACK arrives, only the callee's leg can be ended (RFC 3261 §15). The caller's follows.
    call.control.endBy((text) => void release(leg, { Reason: ourReason(text) }))
    const caller = await acceptCaller(call, leg)
    if (!caller) return { outcome: 'missed', failure: { reason: call.invite.cancelled ? 'cancelled' : 'fault' } }
    const callee = leg.outcome === 'answered' ? leg.dialog : await calleeAfterAck(call, caller, leg)
    if (!callee) return { outcome: 'ended', termination: withoutCallee(call, leg) }
    return { outcome: 'ended', termination: await talk({ call, caller, callee, branch }) }
  }

  /** The callee has answered the offer of the previous caller, and is asked for an offer to the present one. */
  async function offeredAnew({ party }: Call, { trunk }: Branch, leg: AcceptedLeg): Promise<AcceptedLeg | null> {
    if (leg.outcome !== 'answered') return leg
    const { dialog } = leg
    const headers = trunk ? {} : connectedIdentity(party, domain)
    const joined = await joinLeg({ dialog, headers, clock, onJoined: () => undefined })
    if (joined.outcome === 'offered') return { ...joined, abandon: () => joined.abandon().then(() => dialog.bye()) }
    await dialog.bye()
    return null
  }

  async function talk(legs: Legs): Promise<Termination> {
    const { call, caller, callee, branch } = legs
    const joined = bridge({
      caller,
      callee,
      kind: call.caller.kind,
      proves: (request, side) => proves(request, { conversation, side }),
      onRefer: (request, side) => onRefer(request, { conversation, side }),
      optionsFor: (side) => (isTrunk(legs, side) ? trunkOptions : callOptions),
    })
    const conversation: Conversation = { call, branch, dialogs: { caller, callee }, bridge: joined }
    const leave = conversations.begin(conversation)
    call.control.endBy(joined.hangUp)
    call.progress.answered = clock.now()
    userCalls.look(call)
    call.progress.legB = callee.callId
    call.log.info({ event: 'call.answered', legB: callee.callId }, 'answered')
    const watch = watchFarEnds(legs, joined)
    const end = await new Promise<BridgeEnd>((resolve) => joined.onEnd(resolve))
    leave()
    return watch.stop() ?? terminationOf(end)
  }

  /** Trunks and nodes are known by their addresses. An emergency call is never held up by a challenge. */
  function proves(request: IncomingRequest, end: End): boolean {
    const { began } = dialogOf(end)
    const device = end.conversation.call.control.isEmergency ? null : deviceAt(end)
    return device === null || began === null || registrar.provesInDialog(request, { device, began })
  }

  async function acceptCaller(call: Call, leg: AcceptedLeg): Promise<SipDialog | null> {
    const { began, ringing } = call.progress
    const setupMs = (ringing ?? clock.now()) - began
    try {
      const dialog = await call.invite.accept({
        sdp: sessionDescription(leg.reply),
        headers: { ...capabilitiesFor(call), ...pickerIdentity(call, domain) },
      })
      // A caller who has been asked for a number was answered before.
      if (call.invite.voice === null) metrics.callSetupSeconds.observe(setupMs / 1_000)
      return call.party.isPrivate ? anonymousDialog(dialog) : dialog
    } catch {
      // The caller gave up at the same moment, an ordinary race; or the answer cannot be sent.
      await release(leg)
      return null
    }
  }

  /** Ends the call when the node or phone at one of its ends has lost it. `stop` returns that termination; null if it ended otherwise. */
  function watchFarEnds({ call, caller, callee, branch }: Legs, joined: Bridge): { stop(): Termination | null } {
    let termination: Termination | null = null
    const orphan = (what: 'node' | 'phone') => () => {
      termination = { result: what === 'node' ? 'server' : 'client', reason: `${what} lost` }
      joined.hangUp(`The ${what} at the other end is lost`)
    }
    const watchNode = (node: FarNode, dialog: SipDialog) => nodeLegs.watchDialog(node, dialog, orphan('node'))
    const proof = call.control.isEmergency ? 'certain' : 'likely'
    const watchPhone = (device: DeviceId, dialog: SipDialog) => phoneLegs.watch({ device, dialog, proof, onDead: orphan('phone') })
    const stops = [
      ...(call.caller.kind === 'node' ? [watchNode(call.caller.node, caller)] : []),
      ...(call.caller.kind === 'device' ? [watchPhone(call.caller.device.id, caller)] : []),
      ...(branch.node ? [watchNode(branch.node, callee)] : []),
      ...(branch.device ? [watchPhone(branch.device, callee)] : []),
    ]
    return {
      stop() {
        for (const stop of stops) stop()
        return termination
      },
    }
  }

  return async (call, branch, leg) => {
    const { device } = branch
    call.progress.answeredBy = nameOf(branch)
    noteFarPickUp(call, branch, leg)
    // The callee's phone is busy until the call ends.
    const end = device && activity.begin({ device, kind: 'ordinary', hangUp: call.control.hangUp })
    try {
      return await join(call, branch, leg)
    } finally {
      end?.()
    }
  }
}

function deviceAt({ conversation: { call, branch }, side }: End): DeviceId | null {
  if (side === 'callee') return branch.device
  return call.caller.kind === 'device' ? call.caller.device.id : null
}

function nameOf({ device, node, trunk }: Branch): string | null {
  if (trunk) return `trunk ${trunk.name}`
  return device ?? (node ? `node ${node.name}` : null)
}

interface Legs {
  readonly call: Call
  readonly caller: SipDialog
  readonly callee: SipDialog
  readonly branch: Branch
}

/** The caller did not answer the callee's offer or did not acknowledge, or the call was ended meanwhile. */
function withoutCallee({ control: { endReason } }: Call, { outcome }: AcceptedLeg): Termination {
  if (endReason === null) return { result: 'client', reason: outcome === 'moved' ? 'no ack' : 'no answer to the offer' }
  return { result: 'indeterminate', reason: endReasons[endReason].text.toLowerCase() }
}

function terminationOf({ by, reason }: BridgeEnd): Termination {
  if (by === 'transfer') return { result: 'success', reason: 'transferred' }
  if (by === 'caller' || by === 'callee') return { result: 'success', reason: `hung up by ${by}` }
  const text = /text="([^"]*)"/.exec(reason)?.[1] ?? reason
  // `ended by the operator`
  if (by === 'us') return { result: 'success', reason: text.toLowerCase() }
  return { result: 'indeterminate', reason: text === '' ? 'lost' : text.toLowerCase() }
}

/**
 * RFC 3261 §13.2.2.4: the INVITE had no offer, so the callee's is in the 200 and the caller's answer arrives in the ACK. The callee of another
 * call stays there until the ACK.
 */
function calleeAfterAck(call: Call, caller: SipDialog, leg: Exclude<AcceptedLeg, { outcome: 'answered' }>): Promise<SipDialog | null> {
  return new Promise((resolve) => {
    let settled = false
    let reason: string | null = null

    async function acknowledged(sdp: string): Promise<void> {
      if (settled) return
      settled = true
      const isAnswered = leg.outcome === 'moved' || sdp !== ''
      resolve(isAnswered && reason === null ? await taken(sdp) : await giveUp())
    }

    async function taken(sdp: string): Promise<SipDialog | null> {
      return leg.outcome === 'moved' ? leg.take() : leg.ack(sdp).catch(giveUp)
    }

    async function giveUp(): Promise<null> {
      await Promise.all([leg.abandon(), caller.bye({ Reason: reason ?? noAnswerToOffer })])
      return null
    }

    function gone(): Promise<void> | undefined {
      if (settled) return undefined
      settled = true
      return leg.abandon().then(() => resolve(null))
    }

    call.control.endBy((text) => {
      reason = ourReason(text)
      void leg.abandon()
    })
    caller.onAck(acknowledged)
    caller.onEnd(gone)
  })
}

const noAnswerToOffer = 'SIP;cause=488;text="No answer to the offer"'

function capabilitiesFor({ caller }: Call): SipHeaders {
  return caller.kind === 'trunk' ? trunkCapabilities : callCapabilities
}

function isTrunk({ call, branch }: Legs, side: Side): boolean {
  return side === 'caller' ? call.caller.kind === 'trunk' : branch.trunk !== undefined
}
