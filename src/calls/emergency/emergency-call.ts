import type { Trunk } from '../../dialplan/dialplan.js'
import type { Device } from '../../directory/directory.js'
import type { Call } from '../call.js'
import { overTrunks } from '../dial/outside-call.js'
import type { Termination } from '../failure.js'
import type { CallNeeds } from '../needs.js'

export interface EmergencyCall {
  /** The number of the site where the phone is. */
  readonly number: string
  /** In the order in which they are tried. */
  readonly trunks: readonly Trunk[]
  /** Null where the phone could not be told: the call goes out all the same, as the site's. */
  readonly device: Device | null
}

/**
 * Nothing is asked, nothing is waited for: the site's lines in their order, shown as the phone and not as its user. Without a device the
 * call is shown as the site, and no call back is tied to it.
 */
export async function toEmergency(call: Call, { number, trunks, device }: EmergencyCall, needs: CallNeeds): Promise<Termination> {
  const shown = device?.elin ?? numberFromNode(call, needs) ?? needs.dialplan.elin
  const location = device?.location ?? needs.dialplan.location
  if (shown !== null && device) needs.callBacks.tie(shown, device.id)
  call.log.warn({ event: 'call.emergency', number, device: device?.id ?? null, location }, `emergency call to ${number}`)
  const party = { name: '', number: shown ?? call.party.number, isPrivate: false, isAsserted: true }
  return counted(call, { number, device }, () => overTrunks(call, { number, trunks, party, location }, needs), needs)
}

/** The number under which another node of the network has handed the call over, unless it is a person's. */
function numberFromNode({ caller, party: { number } }: Call, { dialplan }: CallNeeds): string | null {
  const isOutside = /^\+?[0-9]+$/.test(number) && dialplan.route(number).kind !== 'user'
  return caller.kind === 'node' && isOutside ? number : null
}

type Help = Pick<EmergencyCall, 'number' | 'device'>

async function counted(call: Call, help: Help, run: () => Promise<Termination>, needs: CallNeeds): Promise<Termination> {
  needs.metrics.emergencyCallsTotal.inc()
  let termination: Termination | null = null
  try {
    termination = await run()
    return termination
  } finally {
    if (termination?.result === 'success') needs.hotdesk.emergencyAnswered(help.device?.id ?? null)
    else if (termination?.reason !== 'cancelled') tellFailure(call, help, termination?.reason ?? 'fault', needs)
  }
}

/** Somebody needs help and has not got it: whoever watches must not have to look for it. */
function tellFailure({ log }: Call, { number, device }: Help, reason: string, { metrics, hotdesk }: CallNeeds): void {
  metrics.emergencyFailuresTotal.inc()
  hotdesk.emergencyFailed(device?.id ?? null, reason)
  log.error(
    { event: 'call.emergency', number, device: device?.id ?? null, reason },
    `the emergency call to ${number} did not come about: ${reason}`,
  )
}
