import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import { counted } from '../../base/output/counted.js'
import type { Device, Directory } from '../../directory/directory.js'
import type { CallKind, Hotdesk } from '../../hotdesk/hotdesk.js'
import type { Registrar } from '../../registrar/registrar.js'
import type { IncomingInvite } from '../../srf/srf.js'
import type { Call } from '../call.js'
import type { Caller, NodeCaller } from '../inbound/caller.js'
import type { RecordCall } from '../records/record-call.js'
import type { DestinationOf } from '../routing/contract.js'
import type { DialEmergency } from './emergency-call.js'
import type { RefusalReport, UnprovenLimit } from './unproven-limit.js'

type Emergency = DestinationOf<'emergency'>

export interface EmergencyCallerNeeds {
  readonly newCall: (invite: IncomingInvite, caller: Caller, kind: CallKind) => Call
  readonly record: RecordCall
  readonly dialEmergency: DialEmergency
  readonly unprovenLimit: UnprovenLimit
  readonly registrar: Pick<Registrar, 'recognise' | 'challengeCompatibly'>
  readonly directory: Pick<Directory, 'isFilled' | 'device'>
  readonly hotdesk: Pick<Hotdesk, 'emergencyUnproven' | 'emergencyRefused'>
  readonly metrics: Metrics
  readonly log: Logger
}

/** Accepts emergency calls from every kind of caller. */
export interface EmergencyCallers {
  /**
   * An authenticated phone is shown as itself. A phone that has a password but sent no credentials is challenged once, because it responds at
   * once and is then known. Any other caller is shown as the site.
   */
  fromAnyone(invite: IncomingInvite, to: Emergency): Promise<void> | undefined
  /** A call that another node has signed. That node has counted it and sends the caller's identity. */
  fromNode(invite: IncomingInvite, to: Emergency, caller: NodeCaller): Promise<void>
}

export function createEmergencyCallers(needs: EmergencyCallerNeeds): EmergencyCallers {
  const { newCall, record, dialEmergency, unprovenLimit, registrar, directory, hotdesk, metrics, log } = needs

  function carry(call: Call, to: Emergency, device: Device | null): Promise<void> {
    return record(call, () => dialEmergency(call, { ...to, device }))
  }

  async function fromUnproven(invite: IncomingInvite, to: Emergency, claimed: string | null): Promise<void> {
    const { address } = invite.source
    // Without a directory no phone can authenticate, so the limit would hit all of them.
    const admission = directory.isFilled ? unprovenLimit.admit(address) : ({ outcome: 'admitted', end: () => undefined } as const)
    if (admission.outcome === 'full') {
      metrics.emergencyRefusedTotal.inc()
      if (admission.report) report(address, admission.report)
      invite.respond(503, { reason: 'Too Many Calls Without Proof', headers: { 'Retry-After': String(admission.retrySeconds) } })
      return
    }
    const call = newCall(invite, { kind: 'unknown' }, 'emergency')
    metrics.emergencyUnprovenTotal.inc()
    hotdesk.emergencyUnproven({ source: address, claimed })
    const text = `emergency call from ${address} without proof of its phone: shown as the site`
    call.log.warn({ event: 'call.unproven', source: address, claimed }, text)
    try {
      await carry(call, to, null)
    } finally {
      admission.end()
    }
  }

  function report(source: string, { limit, refused }: RefusalReport): void {
    hotdesk.emergencyRefused({ source, limit, refused })
    log.error(
      { event: 'call.unproven', source, limit, refused },
      `refused ${counted(refused, 'emergency call')} without proof, the last one from ${source}: over the limit ${limitNames[limit]}`,
    )
  }

  return {
    fromAnyone(invite, to) {
      const found = registrar.recognise(invite)
      if (found.outcome === 'provable') {
        registrar.challengeCompatibly(invite)
        return
      }
      const device = found.outcome === 'proven' ? directory.device(found.device) : null
      if (device) return carry(newCall(invite, { kind: 'device', device, user: null }, 'emergency'), to, device)
      return fromUnproven(invite, to, found.outcome === 'proven' ? found.device : found.claimed)
    },
    fromNode: (invite, to, caller) => carry(newCall(invite, caller, 'emergency'), to, null),
  }
}

const limitNames = { source: 'emergency.unprovenPerSource', total: 'emergency.unprovenTotal' } as const
