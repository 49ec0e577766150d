import type { Metrics } from '../../base/metrics.js'
import type { Trunk } from '../../dialplan/dialplan.js'
import type { Device } from '../../directory/directory.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import type { Call } from '../call.js'
import type { OutsideCalls } from '../dial/outside-call.js'
import type { Termination } from '../failure.js'
import type { DeskNotice } from './desk-notice.js'
import type { PsapCallbacks } from './psap-callback.js'

interface EmergencyCall {
  /** The emergency number of the site where the phone is. */
  readonly number: string
  /** In the order in which they are tried. */
  readonly trunks: readonly Trunk[]
  /** Null if the phone is not known: the call is made all the same, as the site. */
  readonly device: Device | null
}

export interface EmergencyCallNeeds {
  readonly outsideCalls: Pick<OutsideCalls, 'overTrunks'>
  readonly psapCallbacks: Pick<PsapCallbacks, 'remember'>
  readonly deskNotice: Pick<DeskNotice, 'announce'>
  readonly hotdesk: Pick<Hotdesk, 'emergencyAnswered' | 'emergencyFailed'>
  readonly metrics: Metrics
}

/** Makes an emergency call. Resolves when it has ended. */
export type DialEmergency = (call: Call, emergency: EmergencyCall) => Promise<Termination>

/**
 * No lookup and no wait: the site's trunks in order, with the identity of the phone rather than its user. Without a device the call shows the
 * site, and the emergency centre cannot call the phone back.
 */
export function createEmergencyDial({ outsideCalls, psapCallbacks, deskNotice, hotdesk, metrics }: EmergencyCallNeeds): DialEmergency {
  function dial(call: Call, { number, trunks, device }: EmergencyCall): Promise<Termination> {
    const shown = device?.elin ?? numberFromNode(call) ?? call.plan.elin
    const location = device?.location ?? call.plan.location
    if (shown !== null && device) psapCallbacks.remember(shown, device.id)
    call.log.warn({ event: 'call.emergency', number, device: device?.id ?? null, location }, `emergency call to ${number}`)
    const party = { name: '', number: shown ?? call.party.number, isPrivate: false, isAsserted: true }
    deskNotice.announce(call, { number, device, shown, location })
    return outsideCalls.overTrunks(call, { number, e164: null, trunks, party, location, diversions: [] })
  }

  /** The number that another node has sent with the call, unless it is an extension. */
  function numberFromNode({ caller, party: { number }, plan }: Call): string | null {
    const isOutside = /^\+?[0-9]+$/.test(number) && plan.route(number).kind !== 'user'
    return caller.kind === 'node' && isOutside ? number : null
  }

  /** The caller needs help and did not get it, so the operator is alerted. */
  function reportFailure({ log }: Call, { number, device }: EmergencyCall, reason: string): void {
    metrics.emergencyFailuresTotal.inc()
    hotdesk.emergencyFailed(device?.id ?? null, reason)
    log.error({ event: 'call.emergency', number, device: device?.id ?? null, reason }, `the emergency call to ${number} failed: ${reason}`)
  }

  return async (call, emergency) => {
    metrics.emergencyCallsTotal.inc()
    let termination: Termination | null = null
    try {
      termination = await dial(call, emergency)
      return termination
    } finally {
      if (termination?.result === 'success') hotdesk.emergencyAnswered(emergency.device?.id ?? null)
      else if (termination?.reason !== 'cancelled') reportFailure(call, emergency, termination?.reason ?? 'fault')
    }
  }
}
