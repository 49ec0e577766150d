import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
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
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** `due`: something has happened while the answer was awaited. */
type Probe = 'none' | 'asked' | 'due'

interface Watched {
  probe: Probe
  /** The phone was registered here, and is not any more. */
  isGone: boolean
  /** In a row. */
  silences: number
  /** The next probe of a phone that was silent. */
  again: Alarm | null
}

/** A phone whose connection or address translation was lost has registered again by then. */
const nextProbeMs: Milliseconds = 60_000
/** A phone that was silent as often, and is registered, ignores OPTIONS. */
const mostProbes = 30

/**
 * A phone that dies in a call and restarts registers anew, and nobody ends its call. So each leg of a phone is probed when the phone
 * registers on another flow or with another Call-ID, and when its last registration has gone: OPTIONS in the dialog. 481 ends the call
 * (RFC 3261 §12.2.1.2, RFC 5057 §5.1). Silence, which RFC 3261 takes for the same, is not enough, since some phones ignore OPTIONS in a
 * dialog: the phone is asked again, and its call is ended when it is not registered any more and silent twice. Every other answer shows
 * that the phone is there.
 */
export function createPhoneLegs({ registrar, clock, log, metrics }: PhoneLegsNeeds): PhoneLegs {
  const legs = new Map<DeviceId, Map<PhoneLeg, Watched>>()

  function forget(leg: PhoneLeg): boolean {
    const own = legs.get(leg.device)
    own?.get(leg)?.again?.cancel()
    const wasThere = own?.delete(leg) ?? false
    if (own?.size === 0) legs.delete(leg.device)
    return wasThere
  }

  async function probe(leg: PhoneLeg): Promise<void> {
    const watched = legs.get(leg.device)?.get(leg)
    if (!watched) return
    if (watched.probe !== 'none') {
      watched.probe = 'due'
      return
    }
    watched.probe = 'asked'
    const answer = await leg.dialog.request('OPTIONS')
    const isDue = (watched.probe as Probe) === 'due'
    watched.probe = 'none'
    if (isDue) return probe(leg)
    const verdict = verdictOn(answer)
    if (verdict === 'lost' || (verdict === 'silent' && isGivenUp(leg, watched))) end(leg, answer)
    else if (verdict === 'there') watched.silences = 0
  }

  /** If it is not, the phone is asked again. */
  function isGivenUp(leg: PhoneLeg, watched: Watched): boolean {
    watched.silences += 1
    if (watched.isGone && watched.silences > 1 && leg.proof === 'likely') return true
    watched.again?.cancel()
    if (legs.get(leg.device)?.has(leg) && watched.silences < mostProbes) watched.again = clock.after(nextProbeMs, () => void probe(leg))
    return false
  }

  function end(leg: PhoneLeg, { status }: SipAnswer): void {
    if (!forget(leg)) return
    metrics.orphanedCallsTotal.inc()
    log.warn({ event: 'call.orphaned', device: leg.device, status }, `a call is ended: ${leg.device} has lost it`)
    leg.onDead()
  }

  function note(device: DeviceId, state: 'registered' | 'gone'): void {
    const isGone = state === 'gone'
    for (const watched of legs.get(device)?.values() ?? []) {
      if (watched.isGone !== isGone) watched.silences = 0
      watched.isGone = isGone
    }
  }

  function probeAll(device: DeviceId): void {
    for (const leg of Array.from(legs.get(device)?.keys() ?? [])) void probe(leg)
  }

  const stops = [
    registrar.onRegistered((device, how) => {
      note(device, 'registered')
      if (how === 'anew') probeAll(device)
    }),
    registrar.onUnregistered((device) => {
      note(device, 'gone')
      probeAll(device)
    }),
  ]

  return {
    watch(leg) {
      const own = legs.get(leg.device) ?? new Map<PhoneLeg, Watched>()
      legs.set(leg.device, own.set(leg, { probe: 'none', isGone: false, silences: 0, again: null }))
      return () => void forget(leg)
    },
    close() {
      for (const stop of stops) stop()
      for (const own of Array.from(legs.values())) for (const leg of Array.from(own.keys())) forget(leg)
    },
  }
}

/** When the link to our own SIP server is lost, its dialogs end anyway. */
function verdictOn({ status, madeHere }: SipAnswer): 'lost' | 'silent' | 'there' {
  if (madeHere === 'link') return 'there'
  if (madeHere === 'server' || status === 408) return 'silent'
  return status === 481 ? 'lost' : 'there'
}
