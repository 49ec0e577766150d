import type { Clock, Milliseconds } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Dialplan, LivePlan, Trunk } from '../dialplan/dialplan.js'
import type { Party } from '../sip/identity/party.js'
import type { IncomingRequest, SipApplication, SipCredentials, SipSource } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import { type CallLocation, callWithLocation } from './emergency-location.js'
import { followTrunks } from './follow-trunks.js'
import { createHealth, type Health, type TrunkRequest } from './health.js'
import { calledNumber, callerOf, callerUri, credentialsOf, type OutgoingCall, outgoingCall } from './identity.js'
import { startPing } from './ping.js'
import { createSourceLookup, type SourceLookup } from './source.js'

export type { TrunkRequest } from './health.js'
export type { OutgoingCall } from './identity.js'

/** The SIP trunks of this site. */
export interface Trunks {
  /** Trunks that are up in the order given, then those that are down. None is left out. */
  order(trunks: readonly Trunk[]): readonly Trunk[]
  /** The trunk that sent a request, by source address. */
  trunkOf(source: SipSource): Trunk | null
  /** Begins to track a call to the trunk. Its responses decide whether the trunk counts as up. */
  begin(trunk: Trunk): TrunkRequest
  /** Request-URI, identity and credentials of a call to the trunk. */
  outgoing(trunk: Trunk, number: string, party: Party, plan: Dialplan): OutgoingCall
  /** The same with the location of the phone (RFC 6442); null if the trunk does not take it, or the call cannot carry it. */
  outgoingWithLocation(trunk: Trunk, number: string, party: Party, location: CallLocation): OutgoingCall | null
  /** Our account at the trunk; null if it needs none. */
  credentials(trunk: Trunk): SipCredentials | null
  /** The caller of a call from a trunk. */
  callerOf(request: IncomingRequest): Party
  /** The number that a trunk's call is for. */
  calledNumber(request: IncomingRequest, plan: Dialplan): string
  /** Reasons why emergency calls may not leave the site, as sentences. */
  warnings(): readonly string[]
  close(): Promise<void>
}

export interface TrunksNeeds {
  readonly srf: SipApplication
  readonly plan: LivePlan
  /** Its clock dates the location of an emergency call. */
  readonly store: Pick<Store, 'clock'>
  /** The node's own. */
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** How long a trunk is tried last after a failure. Each consecutive failure doubles it. */
const downMs: Milliseconds = 30_000
const longestDownMs: Milliseconds = 300_000

export function createTrunks({ srf, plan, store, clock, log, metrics }: TrunksNeeds): Trunks {
  const health = createHealth({ clock, log, metrics, downMs, longestDownMs })
  const present = followTrunks(plan, (trunk) => {
    health.add(trunk)
    const ping = startPing(trunk, { srf, health, clock, log })
    return () => {
      ping?.cancel()
      health.remove(trunk)
    }
  })
  let lookup = createSourceLookup(plan.current.trunks)
  const trunkOf: SourceLookup = (source) => lookup(source)
  const offChange = plan.onChange(({ trunks }) => {
    lookup = createSourceLookup(trunks)
  })

  return {
    order(trunks) {
      const down = trunks.filter((trunk) => !health.isUp(trunk))
      return [...trunks.filter(health.isUp), ...down.sort((a, b) => health.retryAt(a) - health.retryAt(b))]
    },
    warnings: () => warningsOf(plan.current, health),
    trunkOf,
    credentials: credentialsOf,
    begin: (trunk) => health.begin(trunk, 'INVITE'),
    outgoing: outgoingCall,
    outgoingWithLocation(trunk, number, party, location) {
      if (trunk.location !== 'pidf-lo') return null
      const call = outgoingCall(trunk, number, party, location.plan)
      return callWithLocation(call, { ...location, caller: callerUri(trunk, party, location.plan), at: store.clock.now() })
    },
    callerOf: (request) => callerOf(request, trunkOf(request.source)),
    calledNumber,
    close() {
      offChange()
      present.close()
      return Promise.resolve()
    },
  }
}

function warningsOf({ trunks, disabledTrunks }: Dialplan, { isReportedDown }: Health): readonly string[] {
  const down = trunks.filter(isReportedDown).map(({ name }) => name)
  const off = disabledTrunks.length > 0 ? ` (${disabledTrunks.join(', ')}: enabled is no)` : ''
  if (trunks.length === 0) return [`no trunk for emergency calls: the dial plan has none in use${off}`]
  if (down.length === trunks.length) return [`no trunk for emergency calls: ${down.join(', ')} down`]
  return down.map((name) => `trunk ${name} is down; emergency calls have the others`)
}
