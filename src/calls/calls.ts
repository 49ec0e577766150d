import type { Clock } from '../base/clock.js'
import { createEmitter } from '../base/emitter.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Secret } from '../base/secret.js'
import type { Dialplan } from '../dialplan/dialplan.js'
import type { Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import type { Registrar } from '../registrar/registrar.js'
import type { IncomingInvite, SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import { type ActiveCall, type Activity, createActivity } from './activity.js'
import { answerCall } from './answer-call.js'
import { createCallBacks } from './call-backs.js'
import type { CallNeeds, FeaturePort, TrunkPort } from './needs.js'
import { createPassports } from './parties/node-passport.js'

export type { FeaturePort, TrunkPort } from './needs.js'

export interface CallsNeeds {
  readonly srf: SipApplication
  readonly directory: Directory
  readonly hotdesk: Hotdesk
  readonly registrar: Registrar
  readonly dialplan: Dialplan
  readonly features: FeaturePort
  readonly trunks: TrunkPort
  readonly store: Store
  readonly node: NodeName
  readonly domain: string
  /** The network's: signs calls between nodes. */
  readonly secret: Secret
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
  /** Ends the phone's calls, emergency calls excepted. */
  hangUp(device: DeviceId, text: string): void
  close(): Promise<void>
}

export function createCalls(needs: CallsNeeds): Calls {
  const { hotdesk, log } = needs
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
  const calls: CallNeeds = { ...needs, activity, passports: createPassports(needs), callBacks: createCallBacks(needs) }
  let closed = false

  needs.srf.onInvite((invite: IncomingInvite) => {
    if (!closed) return answerCall(invite, calls)
    invite.respond(503, { headers: { 'Retry-After': '5' } })
  })
  return {
    count: activity.count,
    onIdle: idle.on,
    hangUp: activity.hangUp,
    close() {
      closed = true
      return Promise.resolve()
    },
  }
}
