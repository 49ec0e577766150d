import type { Clock, Milliseconds } from '../base/clock.js'
import { createEmitter } from '../base/emitter.js'
import type { DeviceId } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import { fromZero, type Metrics } from '../base/metrics.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import type { IncomingInvite, IncomingRefer } from '../srf/srf.js'
import { type ActiveCall, type Activity, createActivity } from './activity.js'
import { type Admission, createAdmission } from './admission.js'
import { createConnections } from './bridge/connections.js'
import type { Call } from './call.js'
import { type CallLegs, createEndedCalls, type EndedCalls, legsOf } from './call-legs.js'
import { type CallView, type HangUpOutcome, hangUpCall, listCalls } from './call-list.js'
import { createDestinations } from './dial/destinations.js'
import { createDial } from './dial/dial.js'
import { createWays } from './dial/ways.js'
import { drain, emergencyCount } from './drain.js'
import { createEmergency } from './emergency/emergency.js'
import type { EmergencyDesk } from './emergency/emergency-desk.js'
import { createPsapCallbacks } from './emergency/psap-callback.js'
import type { UnprovenLimits } from './emergency/unproven-limit.js'
import { results } from './failure.js'
import { createUserFeatures } from './features/user-features.js'
import { createCallers } from './inbound/caller.js'
import { createFeatureCalls } from './inbound/feature-call.js'
import { handleInvite } from './inbound/handle-invite.js'
import { createHopTokens, type HopTokens } from './inbound/hop-token.js'
import { createSisterCall } from './inbound/sister-call.js'
import { createUserCalls, type UserCalls, type WritableUserCalls } from './lamps/user-calls.js'
import { createLifecycle } from './lifecycle.js'
import { createLimits } from './limits/limits.js'
import type { NodeNetwork, NodeParts } from './node-parts.js'
import { createOwnCalls } from './own/own-calls.js'
import { createTestCalls, type TestCalls } from './own/test-calls.js'
import type { Knowledge } from './routing/contract.js'
import { explainerWith } from './routing/route-explainer.js'
import { shownDigits } from './routing/shown-digits.js'
import { answerWhy, type WhyAnswer, type WhyNeeds, type WhyQuestion } from './routing/why-answer.js'
import { createReplaceCall } from './transfer/replace-call.js'
import { createTransfers, type Transfers } from './transfer/transfers.js'

export type { CallView, HangUpOutcome } from './call-list.js'
export type { TestCallState } from './own/test-call.js'
export { createRouteExplainer, type RouteExplainer } from './routing/route-explainer.js'
export { answerWhy, callingPhone, type WhyAnswer } from './routing/why-answer.js'

export interface CallsNeeds {
  readonly parts: NodeParts
  readonly network: NodeNetwork
  readonly settings: CallSettings
  /** Resolves when every message that ends a call has been acknowledged, or after that time. */
  readonly settled: (withinMs: Milliseconds) => Promise<void>
  /** The node's own. */
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

export interface CallSettings {
  /** Folder of the call records. */
  readonly recordsFolder: string
  /** Retention of call records. */
  readonly retentionDays: () => number
  /** How long an emergency centre may call back the phone that called it. */
  readonly callBackMinutes: () => number
  /** How long a stopping node waits for emergency calls. */
  readonly emergencyStopSeconds: () => number
  /** How long after a refusal by one of a user's contacts the silent ones may still begin to ring. */
  readonly busyGraceMs: () => Milliseconds
  /** Limits for emergency calls of unauthenticated callers. */
  readonly unproven: () => UnprovenLimits
}

/** Every INVITE of this node, from the phone, trunk or node that sent it to its destination. */
export interface Calls {
  /** Calls of this phone at this node, in set-up or answered, feature codes included. */
  count(device: DeviceId): number
  /** Calls to feature codes, such as PIN dialogues. They are not in `list`; the menu of sites is. */
  readonly dialogues: number
  /** The last call of a phone has ended. */
  onIdle(listener: (device: DeviceId) => void): () => void
  /** Where a call to this node would go now. @throws AppError UNKNOWN_CALLER */
  why(question: WhyQuestion): WhyAnswer
  /** Emergency calls in set-up or up, PSAP callbacks included. */
  readonly emergencies: number
  /** Takes no new calls except emergency calls and calls for phones of this node, until `resume`. */
  pause(): void
  resume(): void
  /** Calls in progress, with those of other nodes that have handed theirs on. */
  list(): readonly CallView[]
  /** Whether digits that a phone has dialled may be shown. Others may be a PIN. */
  shows(digits: string): boolean
  /** The dialogs of each call in progress, and of the latest that have ended. */
  legs(): readonly CallLegs[]
  /** Ends an ordinary call by its id. */
  hangUp(id: string): HangUpOutcome
  /** Calls by which an operator proves that calls work. */
  readonly testCalls: TestCalls
  /** The calls of users at phones of this node, for lamps. */
  readonly userCalls: UserCalls
  /** Sends the text to these phones of an emergency desk, if they are registered here. Resolves with those that have taken it. */
  readonly deliverNotice: EmergencyDesk['deliver']
  /** Calls these phones of an emergency desk, if they are registered here. Resolves with the one that has heard it all. */
  readonly announceToDesk: EmergencyDesk['ring']
  /** Begins to take ordinary calls, which wait a few seconds for this. Emergency calls are taken from the start. */
  open(): void
  /** Ends ordinary calls and takes no more. Resolves when the last emergency call has ended, or after `emergencyStopSeconds`. */
  drain(): Promise<void>
  close(): Promise<void>
}

export function createCalls(needs: CallsNeeds): Calls {
  const { parts, settings, settled, clock, log, metrics } = needs
  fromZero(
    metrics.callsTotal,
    results.map((result) => ({ result })),
  )
  const idle = createEmitter<[DeviceId]>((fault) => log.error({ event: 'call.fault', err: fault }, 'a listener failed'))
  const activity = trackActivity(parts.hotdesk, idle.emit)
  const open = new Set<Call>()
  const admission = createAdmission(clock)
  const ended = createEndedCalls()
  const userCalls = createUserCalls({ log })
  const handler = createHandler({ activity, open, ended, userCalls, admission }, needs)
  // The user may keep the call when moving to another phone. Only a logout `now` ends it.
  const offChange = parts.hotdesk.onChange(({ device, cause }) => {
    if (cause === 'now') activity.hangUp(device, 'logged-out')
  })
  parts.srf.onInvite(handler.onInvite)
  parts.srf.onRefer(handler.onRefer)
  let draining: Promise<void> | null = null

  function drained(): Promise<void> {
    admission.stop()
    draining ??= drain({ open, settled, emergencyMs: settings.emergencyStopSeconds() * 1_000, clock, log })
    return draining
  }

  return {
    count: activity.count,
    get dialogues() {
      return activity.dialogues
    },
    onIdle: idle.on,
    why: handler.why,
    get emergencies() {
      return emergencyCount(open)
    },
    userCalls,
    deliverNotice: handler.deliverNotice,
    announceToDesk: handler.announceToDesk,
    testCalls: handler.testCalls,
    pause: admission.pause,
    resume: admission.open,
    list: () => listCalls(open),
    shows: (digits) => shownDigits(digits, { dialplan: parts.plan.current, directory: parts.directory }) !== null,
    legs: () => [...ended.all, ...Array.from(open, legsOf)],
    hangUp: (id) => hangUpCall(id, open),
    open: admission.open,
    drain: drained,
    async close() {
      await drained()
      offChange()
      await handler.close()
    },
  }
}

/** Keeps hotdesk informed about the calls of each phone. */
function trackActivity(hotdesk: Hotdesk, onIdle: (device: DeviceId) => void): Activity {
  const activity: Activity = createActivity({
    onBegan({ device, kind }: ActiveCall) {
      if (kind !== 'feature') hotdesk.callBegan(device, kind)
    },
    onEnded({ device, kind }: ActiveCall) {
      if (kind !== 'feature') hotdesk.callEnded(device, kind)
      if (activity.count(device) === 0) onIdle(device)
    },
  })
  return activity
}

interface CallState {
  readonly activity: Activity
  readonly open: Set<Call>
  readonly ended: EndedCalls
  readonly userCalls: WritableUserCalls
  readonly admission: Admission
}

interface Handler {
  readonly onInvite: (invite: IncomingInvite) => Promise<void>
  readonly onRefer: (refer: IncomingRefer) => void
  readonly deliverNotice: EmergencyDesk['deliver']
  readonly announceToDesk: EmergencyDesk['ring']
  readonly testCalls: TestCalls
  readonly why: Calls['why']
  close(): Promise<void>
}

/** Composes the parts that carry a call from its INVITE to its record. */
function createHandler(inProgress: CallState, { parts, network, settings, clock, log, metrics }: CallsNeeds): Handler {
  const { activity, open, userCalls, admission } = inProgress
  const { store, directory, hotdesk, registrar, plan, trunks, ivr } = parts
  const { node, domain } = network
  const { recordsFolder: folder, retentionDays, callBackMinutes, unproven, busyGraceMs } = settings
  const limits = createLimits({ store, directory, node, clock, networkClock: store.clock, metrics, log })
  const psapCallbacks = createPsapCallbacks({ store, clock, log, callBackMinutes })
  const inMemory = { node, directory, hotdesk, registrar, psapCallbacks, trunks, usage: limits.usage, clock: store.clock }
  const knowledge = (): Knowledge => ({ ...inMemory, dialplan: plan.current })
  const lifecycle = createLifecycle({ parts, inProgress, records: { folder, retentionDays }, knowledge, clock, log, metrics })

  const onRefer: Transfers['onRefer'] = (request, by) => transfers.onRefer(request, by)
  const connections = createConnections({ parts, domain, open, activity, userCalls, onRefer, clock, log, metrics })
  const { connect, conversations, nodeLegs } = connections
  const hopTokens = hopTokensOf(parts, network, clock)
  const ways = createWays({ parts, network: { node, domain }, nodeLegs, connect, hopTokens, userCalls, busyGraceMs, clock })
  const own = { placeOwnCall: createOwnCalls({ ...lifecycle, voice: ivr, node }), voice: ivr }
  const emergency = createEmergency({ parts, network, ways, lifecycle, own, psapCallbacks, unproven, clock, log, metrics })
  const destinations = createDestinations({
    parts,
    ways,
    lifecycle,
    dialEmergency: emergency.dial,
    connect,
    limits,
    userCalls,
    domain,
    clock,
  })
  const dial = createDial({ srf: parts.srf, ...ways, destinations, registrar, limits, domain })
  const { record } = lifecycle
  const transfers = createTransfers({ knowledge, registrar, conversations, record, dial, connect, limits, domain, clock, log })

  const callers = createCallers({ hopTokens, nodeLegs, trunks, registrar, directory, hotdesk, node, log })
  const onward = {
    dial,
    featureCalls: createFeatureCalls({ ivr, useFeature: createUserFeatures({ directory, store }), activity }),
    sisterCall: createSisterCall({ ...ways, record, trunks, psapCallbacks }),
    replaceCall: createReplaceCall({ ...ways, conversations, pickUp: destinations.pickUp, dial, connect, limits, clock }),
  }
  const { callers: emergencyCallers } = emergency
  const invites = { callers, emergencyCallers, lifecycle, onward, admission, activity, knowledge, registrar, trunks }
  const tests = { ...own, ways: { ...ways, dial }, isOpen: () => admission.isOpen }
  return {
    onInvite: (invite) => handleInvite(invite, invites),
    onRefer(refer) {
      const by = callers.device(refer)
      if (by) transfers.onReferOutside(refer, by)
    },
    deliverNotice: emergency.desk.deliver,
    announceToDesk: emergency.desk.ring,
    testCalls: createTestCalls({ ...tests, directory, hotdesk, knowledge, domain, clock }),
    why: (question) => answerWhy(question, whyNeeds(knowledge())),
    async close() {
      for (const each of [transfers, limits, psapCallbacks, connections]) each.close()
      await lifecycle.close()
    },
  }
}

function whyNeeds(knowledge: Knowledge): WhyNeeds {
  return { directory: knowledge.directory, explainer: explainerWith(knowledge), at: knowledge }
}

/** Signed and checked by the clock that nodes share. */
function hopTokensOf({ store, directory }: NodeParts, { network, secret }: NodeNetwork, clock: Clock): HopTokens {
  const began = clock.now()
  return createHopTokens({
    secret,
    network,
    clock: store.clock,
    uptime: () => clock.now() - began,
    versionAt: (name) => directory.node(name)?.hopTokens ?? 2,
  })
}
