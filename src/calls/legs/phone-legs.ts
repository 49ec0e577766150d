import type { DeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Registrar } from '../../registrar/registrar.js'
import type { SipAnswer, SipDialog } from '../../srf/srf.js'

/** Finds out which phones have lost their calls. */
export interface PhoneLegs {
  /** Watches a leg that is up. `onDead` runs once. Answers the function that stops watching. */
  watch(leg: PhoneLeg): () => void
  close(): void
}

export interface PhoneLeg {
  readonly device: DeviceId
  readonly dialog: Pick<SipDialog, 'request'>
  /** `certain`: silence does not end an emergency call; the phone has to say that it does not know the call. */
  readonly proof: 'likely' | 'certain'
  readonly onDead: () => void
}

export interface PhoneLegsNeeds {
  readonly registrar: Pick<Registrar, 'onRegistered' | 'onUnregistered'>
  readonly log: Logger
  readonly metrics: Metrics
}

/** `due`: something has happened while the answer was awaited. */
type Probe = 'none' | 'asked' | 'due'

/**
 * A phone that dies in a call and restarts registers anew, and nobody ends its call. So each leg of a phone is probed when the phone
 * registers on another flow or with another Call-ID, and when its last registration has gone: OPTIONS in the dialog. 481 and silence end
 * the call (RFC 3261 §12.2.1.2, RFC 5057 §5.1); every other answer shows that the phone has it.
 */
export function createPhoneLegs({ registrar, log, metrics }: PhoneLegsNeeds): PhoneLegs {
  const legs = new Map<DeviceId, Map<PhoneLeg, Probe>>()

  function forget(leg: PhoneLeg): boolean {
    const own = legs.get(leg.device)
    const wasThere = own?.delete(leg) ?? false
    if (own?.size === 0) legs.delete(leg.device)
    return wasThere
  }

  async function probe(leg: PhoneLeg): Promise<void> {
    const own = legs.get(leg.device)
    if (!own?.has(leg)) return
    if (own.get(leg) !== 'none') {
      own.set(leg, 'due')
      return
    }
    own.set(leg, 'asked')
    const answer = await leg.dialog.request('OPTIONS')
    const isDue = own.get(leg) === 'due'
    if (own.has(leg)) own.set(leg, 'none')
    if (isDue) return probe(leg)
    if (!isLost(answer, leg.proof) || !forget(leg)) return
    metrics.orphanedCallsTotal.inc()
    log.warn({ event: 'call.orphaned', device: leg.device, status: answer.status }, `a call is ended: ${leg.device} has lost it`)
    leg.onDead()
  }

  function probeAll(device: DeviceId): void {
    for (const leg of Array.from(legs.get(device)?.keys() ?? [])) void probe(leg)
  }

  const stops = [
    registrar.onRegistered((device, how) => {
      if (how === 'anew') probeAll(device)
    }),
    registrar.onUnregistered(probeAll),
  ]

  return {
    watch(leg) {
      const own = legs.get(leg.device) ?? new Map<PhoneLeg, Probe>()
      legs.set(leg.device, own.set(leg, 'none'))
      return () => void forget(leg)
    },
    close() {
      for (const stop of stops) stop()
      legs.clear()
    },
  }
}

/** When the link to our own SIP server is lost, its dialogs end anyway. */
function isLost({ status, madeHere }: SipAnswer, proof: PhoneLeg['proof']): boolean {
  if (madeHere === 'link') return false
  if (madeHere === 'server') return proof === 'likely'
  return status === 481 || (status === 408 && proof === 'likely')
}
