import type { Clock, Milliseconds } from '../base/clock.js'
import { createEmitter } from '../base/emitter.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import { fromZero, type Metrics } from '../base/metrics.js'
import type { Secret } from '../base/secret.js'
import type { LivePlan } from '../dialplan/dialplan.js'
import type { Directory } from '../directory/directory.js'
import type { CallKind, Hotdesk } from '../hotdesk/hotdesk.js'
import type { Registrar } from '../registrar/registrar.js'
import type { IncomingInvite, IncomingRefer, SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import type { Trunks } from '../trunks/trunks.js'
import { type ActiveCall, type Activity, createActivity } from './activity.js'
import { type Admission, createAdmission } from './admission.js'
import { createBreakOutDial } from './breakout/break-out-call.js'
import { createBreakOutMenu } from './breakout/break-out-menu.js'
import { createConnect } from './bridge/connect.js'
import { createConversations } from './bridge/conversations.js'
import { createNodeLegs } from './bridge/node-legs.js'
import { createPhoneLegs } from './bridge/phone-legs.js'
import { type Call, newCall } from './call.js'
import { type CallLegs, createEndedCalls, type EndedCalls, legsOf } from './call-legs.js'
import { type CallView, type HangUpOutcome, hangUpCall, listCalls } from './call-list.js'
import { createAttempts } from './dial/attempt.js'
import { createDial } from './dial/dial.js'
import { createOutsideCalls } from './dial/outside-call.js'
import { createUserBranches } from './dial/user-branches.js'
import { drain, emergencyCount } from './drain.js'
import { createEmergencyDial } from './emergency/emergency-call.js'
import { createEmergencyCallers } from './emergency/emergency-caller.js'
import { createEmergencyDesk, type EmergencyDesk } from './emergency/emergency-desk.js'
import { createPsapCallbacks } from './emergency/psap-callback.js'
import { createUnprovenLimit, type UnprovenLimits } from './emergency/unproven-limit.js'
import { results } from './failure.js'
import { createPickUp } from './features/pick-up.js'
import { createRingingCalls } from './features/ringing-calls.js'
import { createUserFeatures } from './features/user-features.js'
import { createKnownNames } from './identity/known-names.js'
import { type Caller, createCallers } from './inbound/caller.js'
import { createFeatureCalls, type IvrPort } from './inbound/feature-call.js'
import { handleInvite } from './inbound/handle-invite.js'
import { createHopTokens, type HopTokens } from './inbound/hop-token.js'
import { createLimits } from './limits/limits.js'
import { createOwnCalls } from './own/own-calls.js'
import { createTestCalls, type TestCalls } from './own/test-calls.js'
import { createCallRecords } from './records/call-records.js'
import { createCallRecorder } from './records/record-call.js'
import type { Knowledge } from './routing/contract.js'
import { explainerWith } from './routing/route-explainer.js'
import { shownDigits } from './routing/shown-digits.js'
import { answerWhy, type WhyAnswer, type WhyNeeds, type WhyQuestion } from './routing/why-answer.js'
import { createSpokenRefusals } from './spoken-refusal.js'
import { createReplaceCall } from './transfer/replace-call.js'
import { createTransfers, type Transfers } from './transfer/transfers.js'

export type { CallView, HangUpOutcome } from './call-list.js'
export type { TestCallState } from './own/test-call.js'
export { createRouteExplainer, type RouteExplainer } from './routing/route-explainer.js'
export { answerWhy, callingPhone, type WhyAnswer } from './routing/why-answer.js'

export interface CallsNeeds {
  readonly parts: CallParts
  readonly network: CallNetwork
  readonly settings: CallSettings
  /** Resolves when every message that ends a call has been acknowledged, or after that time. */
  readonly settled: (withinMs: Milliseconds) => Promise<void>
  /** The node's own. */
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** The other parts of the node that calls use. */
interface CallParts {
  readonly srf: SipApplication
  readonly store: Store
  readonly directory: Directory
  readonly hotdesk: Hotdesk
  readonly registrar: Registrar
  readonly plan: LivePlan
  readonly trunks: Trunks
  readonly ivr: IvrPort
}

/** This node and its network. */
interface CallNetwork {
  readonly node: NodeName
  /** SIP domain. */
  readonly domain: string
  /** Name of the network, the hash tag of its keys in Redis. */
  readonly network: string
  /** For hop tokens. */
  readonly secret: Secret
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
  const handler = createHandler({ activity, open, ended, admission }, needs)
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
function createHandler(
  { activity, open, ended, admission }: CallState,
  { parts, network, settings, clock, log, metrics }: CallsNeeds,
): Handler {
  const { srf, store, directory, hotdesk, registrar, plan, trunks, ivr } = parts
  const { node, domain } = network
  const networkClock = store.clock
  const limits = createLimits({ store, directory, node, clock, networkClock, metrics, log })
  const psapCallbacks = createPsapCallbacks({ store, clock, log, callBackMinutes: settings.callBackMinutes })
  const inMemory = { node, directory, hotdesk, registrar, psapCallbacks, trunks, usage: limits.usage, clock: networkClock }
  const knowledge = (): Knowledge => ({ ...inMemory, dialplan: plan.current })
  const { recordsFolder: folder, retentionDays } = settings
  const records = createCallRecords({ store, folder, retentionDays, clock: networkClock, log })
  const record = createCallRecorder({ records, activity, open, ended, clock, networkClock, metrics })
  const knownNames = createKnownNames({ directory })
  const begin = (invite: IncomingInvite, caller: Caller, kind: CallKind) =>
    newCall(invite, caller, kind, { registrar, trunks, knowledge, knownNames, clock, log })

  const nodeLegs = createNodeLegs({ directory, store, srf, clock, log, metrics })
  const phoneLegs = createPhoneLegs({ registrar, clock, log, metrics })
  const conversations = createConversations(open)
  const onRefer: Transfers['onRefer'] = (request, by) => transfers.onRefer(request, by)
  const connect = createConnect({ domain, activity, nodeLegs, phoneLegs, conversations, onRefer, clock, metrics })
  const ringingCalls = createRingingCalls()
  const attempts = createAttempts({ srf, clock, hotdesk, nodeLegs, connect, ringingCalls, busyGraceMs: settings.busyGraceMs })
  const outsideCalls = createOutsideCalls({ srf, clock, trunks, attempts })
  const hopTokens = hopTokensOf(parts, network, clock)
  const branches = createUserBranches({ registrar, hopTokens, nodeLegs, node, domain })
  const placeOwnCall = createOwnCalls({ voice: ivr, newCall: begin, record, node })
  const own = { placeOwnCall, voice: ivr, attempts, branches }
  const desk = createEmergencyDesk({ own, srf, store, directory, hotdesk, registrar, at: network, clock, networkClock, log })
  const dialEmergency = createEmergencyDial({ outsideCalls, psapCallbacks, deskNotice: desk, hotdesk, metrics })
  const spokenRefusals = createSpokenRefusals(ivr)
  const dialBreakOut = createBreakOutDial({ attempts, branches, spokenRefusals, srf })
  const breakOutMenu = createBreakOutMenu({ ivr, newCall: begin, record, dialEmergency, clock })
  const pickUp = createPickUp({ ringingCalls, attempts, branches, spokenRefusals, ivr, srf, domain, clock })
  const destinations = { outsideCalls, dialEmergency, dialBreakOut, breakOutMenu, pickUp, spokenRefusals }
  const dial = createDial({ attempts, branches, destinations, registrar, limits, domain })
  const transfers = createTransfers({ knowledge, registrar, conversations, record, dial, connect, limits, domain, clock, log })

  const unprovenLimit = createUnprovenLimit(settings.unproven, clock)
  const accept = { newCall: begin, record, dialEmergency, unprovenLimit }
  const emergencyCallers = createEmergencyCallers({ ...accept, registrar, directory, hotdesk, metrics, log })
  const callers = createCallers({ hopTokens, nodeLegs, trunks, registrar, directory, hotdesk, node, log })
  const featureCalls = createFeatureCalls({ ivr, useFeature: createUserFeatures(directory), activity })
  const replaceCall = createReplaceCall({ conversations, connect, limits, clock })
  const tests = { placeOwnCall, voice: ivr, ways: { dial, attempts, branches }, isOpen: () => admission.isOpen }
  const testCalls = createTestCalls({ ...tests, directory, hotdesk, knowledge, domain, clock })
  const routing = { newCall: begin, record, dial, replaceCall, knowledge }
  return {
    onInvite: (invite) =>
      handleInvite(invite, { callers, admission, activity, emergencyCallers, featureCalls, ...routing, registrar, trunks }),
    onRefer(refer) {
      const by = callers.device(refer)
      if (by) transfers.onReferOutside(refer, by)
    },
    deliverNotice: desk.deliver,
    announceToDesk: desk.ring,
    testCalls,
    why: (question) => answerWhy(question, whyNeeds(knowledge())),
    async close() {
      for (const each of [transfers, limits, psapCallbacks, nodeLegs, phoneLegs, knownNames]) each.close()
      await records.close()
    },
  }
}

function whyNeeds(knowledge: Knowledge): WhyNeeds {
  return { directory: knowledge.directory, explainer: explainerWith(knowledge), at: knowledge }
}

/** Signed and checked by the clock that nodes share. */
function hopTokensOf({ store, directory }: CallParts, { network, secret }: CallNetwork, clock: Clock): HopTokens {
  const began = clock.now()
  return createHopTokens({
    secret,
    network,
    clock: store.clock,
    uptime: () => clock.now() - began,
    versionAt: (name) => directory.node(name)?.hopTokens ?? 2,
  })
}
