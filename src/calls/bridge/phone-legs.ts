import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import type { DeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Registrar } from '../../registrar/registrar.js'
import type { SipDialog, SipReply } from '../../srf/srf.js'

/** Detects phones that have lost their calls. */
export interface PhoneLegs {
  /** Watches a leg that is up. `onDead` runs once. Returns the function that stops watching. */
  watch(leg: PhoneLeg): () => void
  close(): void
}

interface PhoneLeg {
  readonly device: DeviceId
  readonly dialog: Pick<SipDialog, 'request'>
  /** `certain`: silence does not end an emergency call; only a 481 from the phone does. */
  readonly proof: 'likely' | 'certain'
  readonly onDead: () => void
}

export interface PhoneLegsNeeds {
  readonly registrar: Pick<Registrar, 'onRegistered' | 'onUnregistered'>
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** `due`: a new reason to probe arrived while a response was pending. */
type Probe = 'none' | 'sent' | 'due'

interface Watched {
  probe: Probe
  /** The phone's last registration here is gone. */
  isGone: boolean
  /** Consecutive probes without a response. */
  timeouts: number
  /** The next probe of a phone that did not respond. */
  again: Alarm | null
}

/** By then a phone that lost its connection or NAT binding has registered again. */
const nextProbeMs: Milliseconds = 60_000
/** A registered phone that is silent this often ignores OPTIONS. */
const maxProbes = 30

/**
 * A phone that crashes in a call restarts and registers again without ending its call. So its legs are probed with OPTIONS in the dialog
 * when it registers on another flow or with another Call-ID, and when its last registration is gone. 481 ends the call (RFC 3261 §12.2.1.2,
 * RFC 5057 §5.1). A timeout, which RFC 3261 treats alike, is not enough, because some phones ignore OPTIONS in a dialog: the phone is probed
 * again, and the call ends when it is no longer registered and has timed out twice. Any other response shows that the phone is alive.
 */
export function createPhoneLegs({ registrar, clock, log, metrics }: PhoneLegsNeeds): PhoneLegs {
  const legs = new Map<DeviceId, Map<PhoneLeg, Watched>>()

  function forget(leg: PhoneLeg): boolean {
    const own = legs.get(leg.device)
    own?.get(leg)?.again?.cancel()
    const wasWatched = own?.delete(leg) ?? false
    if (own?.size === 0) legs.delete(leg.device)
    return wasWatched
  }

  async function probe(leg: PhoneLeg): Promise<void> {
    const watched = legs.get(leg.device)?.get(leg)
    if (!watched) return
    if (watched.probe !== 'none') {
      watched.probe = 'due'
      return
    }
    watched.probe = 'sent'
    const response = await leg.dialog.request('OPTIONS')
    const isDue = (watched.probe as Probe) === 'due'
    watched.probe = 'none'
    if (isDue) return probe(leg)
    const verdict = verdictOn(response)
    if (verdict === 'lost' || (verdict === 'silent' && isGivenUp(leg, watched))) end(leg, response)
    else if (verdict === 'there') watched.timeouts = 0
  }

  /** If not, another probe is scheduled. */
  function isGivenUp(leg: PhoneLeg, watched: Watched): boolean {
    watched.timeouts += 1
    if (watched.isGone && watched.timeouts > 1 && leg.proof === 'likely') return true
    watched.again?.cancel()
    if (legs.get(leg.device)?.has(leg) && watched.timeouts < maxProbes) watched.again = clock.after(nextProbeMs, () => void probe(leg))
    return false
  }

  function end(leg: PhoneLeg, { status }: SipReply): void {
    if (!forget(leg)) return
    metrics.orphanedCallsTotal.inc()
    log.warn({ event: 'call.orphaned', device: leg.device, status }, `call ended: ${leg.device} has lost it`)
    leg.onDead()
  }

  function note(device: DeviceId, state: 'registered' | 'gone'): void {
    const isGone = state === 'gone'
    for (const watched of legs.get(device)?.values() ?? []) {
      if (watched.isGone !== isGone) watched.timeouts = 0
      watched.isGone = isGone
    }
  }

  function probeAll(device: DeviceId): void {
    for (const leg of Array.from(legs.get(device)?.keys() ?? [])) void probe(leg)
  }

  const stops = [
    registrar.onRegistered((device, how) => {
      note(device, 'registered')
      if (how === 'new') probeAll(device)
    }),
    registrar.onUnregistered((device) => {
      note(device, 'gone')
      probeAll(device)
    }),
  ]

  return {
    watch(leg) {
      const own = legs.get(leg.device) ?? new Map<PhoneLeg, Watched>()
      legs.set(leg.device, own.set(leg, { probe: 'none', isGone: false, timeouts: 0, again: null }))
      return () => void forget(leg)
    },
    close() {
      for (const stop of stops) stop()
      for (const own of Array.from(legs.values())) for (const leg of Array.from(own.keys())) forget(leg)
    },
  }
}

/** When the link to our own SIP server is lost, its dialogs end anyway. */
function verdictOn({ status, madeHere }: SipReply): 'lost' | 'silent' | 'there' {
  if (madeHere === 'link') return 'there'
  if (madeHere === 'server' || status === 408) return 'silent'
  return status === 481 ? 'lost' : 'there'
}
