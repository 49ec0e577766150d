import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Ways } from '../dial/ways.js'
import type { Lifecycle } from '../lifecycle.js'
import type { NodeNetwork, NodeParts } from '../node-parts.js'
import type { OwnVoice, PlaceOwnCall } from '../own/own-calls.js'
import { createEmergencyDial, type DialEmergency } from './emergency-call.js'
import { createEmergencyCallers, type EmergencyCallers } from './emergency-caller.js'
import { createEmergencyDesk, type EmergencyDesk } from './emergency-desk.js'
import type { PsapCallbacks } from './psap-callback.js'
import { createUnprovenLimit, type UnprovenLimits } from './unproven-limit.js'

/** Emergency calls: who may make them, how they go out, and who at the site is informed. */
export interface Emergency {
  readonly callers: EmergencyCallers
  readonly dial: DialEmergency
  readonly desk: EmergencyDesk
}

export interface EmergencyNeeds {
  readonly parts: Pick<NodeParts, 'srf' | 'store' | 'directory' | 'hotdesk' | 'registrar'>
  readonly network: Pick<NodeNetwork, 'node' | 'domain'>
  readonly ways: Ways
  readonly lifecycle: Pick<Lifecycle, 'newCall' | 'record'>
  readonly own: { readonly placeOwnCall: PlaceOwnCall; readonly voice: OwnVoice }
  readonly psapCallbacks: Pick<PsapCallbacks, 'remember'>
  /** Limits for emergency calls of unauthenticated callers. */
  readonly unproven: () => UnprovenLimits
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

export function createEmergency(needs: EmergencyNeeds): Emergency {
  const { parts, network, ways, lifecycle, own, psapCallbacks, unproven, clock, log, metrics } = needs
  const { store, hotdesk } = parts
  const desk = createEmergencyDesk({ ...parts, own: { ...own, ...ways }, at: network, clock, networkClock: store.clock, log })
  const dial = createEmergencyDial({ ...ways, psapCallbacks, deskNotice: desk, hotdesk, metrics })
  const unprovenLimit = createUnprovenLimit(unproven, clock)
  return {
    callers: createEmergencyCallers({ ...parts, ...lifecycle, dialEmergency: dial, unprovenLimit, metrics, log }),
    dial,
    desk,
  }
}
