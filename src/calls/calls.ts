import type { Clock, Milliseconds } from '../base/clock.js'
import { createEmitter } from '../base/emitter.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import { fromZero, type Metrics } from '../base/metrics.js'
import type { Secret } from '../base/secret.js'
import type { Dialplan } from '../dialplan/dialplan.js'
import type { Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import type { Registrar } from '../registrar/registrar.js'
import type { IncomingInvite, SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import { type ActiveCall, type Activity, createActivity } from './activity.js'
import { createAdmission } from './admission.js'
import { createPeers } from './bridge/node-legs.js'
import { createPhoneLegs } from './bridge/phone-legs.js'
import { drain, helpCalls } from './drain.js'
import { createCallBacks } from './emergency/psap-callback.js'
import { createUnprovenShare, type ShareLimits } from './emergency/unproven-limit.js'
import { results } from './failure.js'
import { createInsiders } from './identity/known-names.js'
import { answerCall } from './inbound/handle-invite.js'
import { createPassports } from './inbound/hop-token.js'
import type { CallNeeds, FeaturePort, OpenCall, TrunkPort } from './needs.js'
import { createCallRecords } from './records/call-records.js'

export type { FeaturePort, TrunkPort } from './needs.js'
export type { Dialler, Question, Step } from './routing/contract.js'
export type { Explanation } from './routing/explain.js'
export { createOnlooker, type Onlooker, type WhyContext } from './routing/route-explainer.js'

export interface CallsNeeds {
  readonly srf: SipApplication
  readonly directory: Directory
  readonly hotdesk: Hotdesk
  readonly registrar: Registrar
  readonly dialplan: Dialplan
  readonly features: FeaturePort
  readonly trunks: TrunkPort
  readonly store: Store
  /** Folder of the call records. */
  readonly recordsFolder: string
  /** Days that call records are kept. */
  readonly retentionDays: number
  /** How long an emergency centre may call back the phone that called it. */
  readonly callBackMinutes: number
  /** Resolves when every message that ends a call has arrived, or after that time. */
  readonly settled: (withinMs: Milliseconds) => Promise<void>
  /** How long the end of the node waits for emergency calls. */
  readonly emergencyStopSeconds: number
  /** How long after a refusal by one of a user's contacts the silent ones may still begin to ring. */
  readonly busyGraceMs: Milliseconds
  /** How many emergency calls callers without proof may have. */
  readonly unproven: ShareLimits
  readonly node: NodeName
  readonly domain: string
  /** Its hash tag in Redis. */
  readonly network: string
  /** The network's: signs calls between nodes. */
  readonly secret: Secret
  /** The node's own. */
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** Every INVITE of this node, from the phone, trunk or node it comes from to wherever its callee is. */
export interface Calls {
  /** Calls of this phone at this node, answered or being dialled, dial codes included. */
  count(device: DeviceId): number
  /** A phone's last call has ended. */
  onIdle(listener: (device: DeviceId) => void): () => void
  /** Emergency calls in set-up or up, and calls back from the centre. */
  readonly emergencies: number
  /** Takes ordinary calls; until then they wait for a few seconds. Emergency calls are taken from the start. */
  open(): void
  /** Ends ordinary calls and takes no more of them; resolves when the last emergency call has ended, or after `emergencyStopSeconds`. */
  drain(): Promise<void>
  close(): Promise<void>
}

export function createCalls(needs: CallsNeeds): Calls {
  const { hotdesk, log, metrics } = needs
  fromZero(
    metrics.callsTotal,
    results.map((result) => ({ result })),
  )
  const idle = createEmitter<[DeviceId]>((fault) => log.error({ event: 'call.fault', err: fault }, 'a listener failed'))
  const activity: Activity = createActivity({
    onBegan({ device, kind }: ActiveCall) {
      if (kind !== 'feature') hotdesk.callBegan(device, kind)
    },
    onEnded({ device, kind }: ActiveCall) {
      if (kind !== 'feature') hotdesk.callEnded(device, kind)
      if (activity.count(device) === 0) idle.emit(device)
    },
  })
  const open = new Set<OpenCall>()
  const records = createCallRecords({ ...needs, clock: needs.store.clock, folder: needs.recordsFolder })
  const peers = createPeers(needs)
  const phoneLegs = createPhoneLegs(needs)
  const began = needs.clock.now()
  const uptime = (): Milliseconds => needs.clock.now() - began
  const insiders = createInsiders(needs)
  const admission = createAdmission(needs.clock)
  const calls: CallNeeds = {
    ...needs,
    networkClock: needs.store.clock,
    admission,
    activity,
    records,
    open,
    peers,
    phoneLegs,
    unprovenShare: createUnprovenShare(needs.unproven, needs.clock),
    passports: createPassports({
      ...needs,
      clock: needs.store.clock,
      uptime,
      versionAt: (name) => needs.directory.node(name)?.passports ?? 2,
    }),
    insiders,
    callBacks: createCallBacks(needs),
  }
  let draining: Promise<void> | null = null
  // The user goes on at another phone with the call where it is; only `now` ends it.
  const offChange = hotdesk.onChange(({ device, cause }) => {
    if (cause === 'now') activity.hangUp(device, 'logged-out')
  })

  function drained(): Promise<void> {
    admission.stop()
    draining ??= drain({ ...needs, open, emergencyMs: needs.emergencyStopSeconds * 1_000 })
    return draining
  }

  needs.srf.onInvite((invite: IncomingInvite) => answerCall(invite, calls))
  return {
    count: activity.count,
    onIdle: idle.on,
    get emergencies() {
      return helpCalls(open)
    },
    open: admission.open,
    drain: drained,
    async close() {
      await drained()
      offChange()
      calls.callBacks.close()
      peers.close()
      phoneLegs.close()
      insiders.close()
      await records.close()
    },
  }
}
