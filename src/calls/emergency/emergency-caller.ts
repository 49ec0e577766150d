import { counted } from '../../base/output/counted.js'
import type { Device } from '../../directory/directory.js'
import type { IncomingInvite } from '../../srf/srf.js'
import { type Call, newCall } from '../call.js'
import type { Caller } from '../inbound/caller.js'
import type { CallNeeds } from '../needs.js'
import { recorded } from '../records/record-call.js'
import type { To } from '../routing/contract.js'
import { toEmergency } from './emergency-call.js'
import type { Refused } from './unproven-limit.js'

type Help = To<'emergency'>

/**
 * Carries an emergency call from any caller. A proven phone is shown as itself. A caller whose phone has a password and shows nothing is
 * challenged once, because a phone answers at once and is then found; any other caller is shown as the site.
 */
export function callForHelp(invite: IncomingInvite, to: Help, needs: CallNeeds): Promise<void> | undefined {
  const who = needs.registrar.recognise(invite)
  if (who.outcome === 'provable') {
    needs.registrar.challengeGently(invite)
    return
  }
  const device = who.outcome === 'proven' ? needs.directory.device(who.device) : null
  if (device) return helpFor(invite, to, device, needs)
  return helpUnproven(invite, to, who.outcome === 'proven' ? who.device : who.claimed, needs)
}

/** A phone that has proved itself. */
export function helpFor(invite: IncomingInvite, to: Help, device: Device, needs: CallNeeds): Promise<void> {
  return carry(newCall(invite, { kind: 'device', device, user: null }, 'emergency', needs), to, device, needs)
}

/** A call that another node of the network has signed: that node shows who calls, and has counted it. */
export function helpHanded(invite: IncomingInvite, to: Help, caller: Extract<Caller, { kind: 'node' }>, needs: CallNeeds): Promise<void> {
  return carry(newCall(invite, caller, 'emergency', needs), to, null, needs)
}

async function helpUnproven(invite: IncomingInvite, to: Help, claimed: string | null, needs: CallNeeds): Promise<void> {
  const { address } = invite.source
  // A node that has never seen its directory knows no phones: none of them can prove itself, and all of them may call.
  const admission = needs.directory.isFilled ? needs.unprovenShare.take(address) : ({ outcome: 'taken', ended: () => undefined } as const)
  if (admission.outcome === 'full') {
    needs.metrics.emergencyRefusedTotal.inc()
    if (admission.report) report(invite, admission.report, needs)
    invite.respond(503, { reason: 'Too Many Calls Without Proof', headers: { 'Retry-After': String(admission.retrySeconds) } })
    return
  }
  const call = newCall(invite, { kind: 'unknown' }, 'emergency', needs)
  needs.metrics.emergencyUnprovenTotal.inc()
  needs.hotdesk.emergencyUnproven({ source: address, claimed })
  call.log.warn(
    { event: 'call.unproven', source: address, claimed },
    `emergency call from ${address} without proof of its phone: shown as the site`,
  )
  try {
    await carry(call, to, null, needs)
  } finally {
    admission.ended()
  }
}

function report({ source: { address } }: IncomingInvite, { limit, refused }: Refused, { log, hotdesk }: CallNeeds): void {
  hotdesk.emergencyRefused({ source: address, limit, refused })
  log.error(
    { event: 'call.unproven', source: address, limit, refused },
    `refused ${counted(refused, 'emergency call')} without proof, the last one from ${address}: over the limit ${limitNames[limit]}`,
  )
}

const limitNames = { source: 'emergency.unprovenPerSource', total: 'emergency.unprovenTotal' } as const

function carry(call: Call, to: Help, device: Device | null, needs: CallNeeds): Promise<void> {
  return recorded(call, needs, () => toEmergency(call, { ...to, device }, needs))
}
