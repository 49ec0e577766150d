import { type Clock, type Milliseconds, pause } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Dialplan, LivePlan, NetworkNumbers, Trunk } from '../dialplan/dialplan.js'
import type { Party } from '../sip/identity/party.js'
import type { IncomingRequest, SipApplication, SipCredentials } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import { calledNumber } from './called-number.js'
import { callerShown, type ForwardedCall, withDiversions } from './diverted.js'
import { type CallLocation, callWithLocation } from './emergency-location.js'
import { followTrunks } from './follow-trunks.js'
import { createHealth, type Health, type TrunkRequest } from './health.js'
import { callerOf, callerUri, credentialsOf, type OutgoingCall, outgoingCall } from './identity.js'
import { createTrunkLimits, type TrunkLimits } from './limits.js'
import { shared } from './load-sharing.js'
import { toMailbox } from './mailbox-uri.js'
import { startPing } from './ping.js'
import { nextHop } from './reach.js'
import { createRegistrations, type RegistrationNetwork, type Registrations, type RegistrationsNeeds } from './registration/registrations.js'
import { createSourceLookup, type RequestOrigin, type SourceLookup, userOf } from './source.js'

export type { TrunkRequest } from './health.js'
export type { OutgoingCall } from './identity.js'
export type { Mailbox } from './mailbox-uri.js'
export { registeringNode } from './registration/registering-node.js'

/** The SIP trunks of this site. */
export interface Trunks {
  /** Trunks that are up in the order given, then those that are down. None is left out. */
  order(trunks: readonly Trunk[]): readonly Trunk[]
  /** Neither its health nor a failed registration speaks against the trunk. */
  isUp(trunk: Trunk): boolean
  /** This node has a registration at the trunk that counts now. */
  isRegistered(trunk: Trunk): boolean
  /** The order for one ordinary call: neighbours with a weight share the calls. */
  share(trunks: readonly Trunk[]): readonly Trunk[]
  /** The trunk that sent a request: by the Contact that we have registered there, or by source address. */
  trunkOf(request: RequestOrigin): Trunk | null
  /** Begins to track a call to the trunk. Its responses decide whether the trunk counts as up. */
  begin(trunk: Trunk): TrunkRequest
  /** A call is about to use the trunk, in either direction. */
  enter: TrunkLimits['enter']
  /** Request-URI, identity and credentials of a call to the trunk. */
  outgoing(trunk: Trunk, number: string, party: Party, plan: Dialplan): OutgoingCall
  /** The same for a call that has been forwarded. */
  forwarded(trunk: Trunk, call: ForwardedCall): OutgoingCall
  /** The same with the location of the phone (RFC 6442); null if the trunk does not take it, or the call cannot carry it. */
  outgoingWithLocation(trunk: Trunk, number: string, party: Party, location: CallLocation): OutgoingCall | null
  /** Our account at the trunk; null if it needs none. */
  credentials(trunk: Trunk): SipCredentials | null
  /** The caller of a call from a trunk. */
  callerOf(request: IncomingRequest): Party
  /** The number that a trunk's call is for. */
  calledNumber(request: IncomingRequest, plan: Dialplan): string
  /** The state of each trunk of the dial plan in force, those with `enabled: no` last. */
  states(): readonly TrunkStatus[]
  /** Reasons why emergency calls may not leave the site, and calls may not arrive, as sentences. */
  warnings(): readonly string[]
  /**
   * The node takes no new calls, so its registrations are removed, and a sister registers. Without a sister they stay: emergency calls, and
   * calls back, may need them.
   */
  withdraw(): void
  /** The node takes calls again. */
  resume(): void
  /** Removes our registrations. */
  close(): Promise<void>
}

export interface TrunkStatus {
  readonly name: string
  readonly state: 'up' | 'down' | 'disabled'
  /** When it went down, and when it is tried in its usual order again, by the node's own clock; null: it is not down. */
  readonly since: Milliseconds | null
  readonly retry: Milliseconds | null
  /** Why it is not registered; null: it is, or does not have to be. */
  readonly trouble: string | null
  /** Whether this node is registered there; null: it does not have to be, or another node of the site is. */
  readonly registered: boolean | null
  /** Calls over it at this node. */
  readonly calls: number
}

export interface TrunksNeeds {
  readonly srf: SipApplication
  readonly plan: LivePlan
  readonly directory: RegistrationsNeeds['directory'] & NetworkNumbers['directory']
  readonly network: RegistrationNetwork
  /** Its clock dates the location of an emergency call. */
  readonly store: Pick<Store, 'clock'>
  /** The node's own. */
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** 0 ≤ x < 1; `Math.random` if absent. */
  readonly random?: () => number
}

/** How long a trunk is tried last after a failure. Each consecutive failure doubles it. */
const downMs: Milliseconds = 30_000
const longestDownMs: Milliseconds = 300_000

/** How long a stopping node waits until a trunk has removed its registration. */
const removalMs: Milliseconds = 2_000

export function createTrunks(needs: TrunksNeeds): Trunks {
  const { srf, plan, directory, network, store, clock, log, metrics, random = Math.random } = needs
  const health = createHealth({ clock, log, metrics, downMs, longestDownMs })
  const registrations = createRegistrations({ srf, directory, network, clock, log, metrics, random })
  const limits = createTrunkLimits({ clock, log, metrics })
  const present = followTrunks(plan, (trunk) => {
    health.add(trunk)
    limits.add(trunk)
    const ping = startPing(trunk, { srf, health, clock, log })
    return () => {
      ping?.cancel()
      health.remove(trunk)
      limits.remove(trunk)
    }
  })
  let lookup: SourceLookup = () => null
  const follow = ({ trunks }: Dialplan): void => {
    registrations.follow(trunks)
    lookup = createSourceLookup(trunks, registrations)
  }
  follow(plan.current)
  const offChange = plan.onChange(follow)
  const trunkOf: SourceLookup = (request) => lookup(request)
  const isUp = (trunk: Trunk): boolean => health.isUp(trunk) && !registrations.at(trunk)?.trouble

  function outgoing(trunk: Trunk, number: string, party: Party, callPlan: Dialplan): OutgoingCall {
    const serviceRoute = registrations.at(trunk)?.binding?.serviceRoute ?? ''
    return overNextHop(outgoingCall(trunk, number, party, callPlan), nextHop(trunk, serviceRoute))
  }

  return {
    order(trunks) {
      const down = trunks.filter((trunk) => !isUp(trunk))
      return [...trunks.filter(isUp), ...down.sort((a, b) => health.retryAt(a) - health.retryAt(b))]
    },
    isUp,
    isRegistered: (trunk) => Boolean(registrations.at(trunk)?.binding),
    states: () => statesOf(plan.current, { health, registrations, limits }),
    share: (trunks) => shared(trunks, isUp, random),
    warnings: () => [...warningsOf(plan.current, health), ...registrationWarnings(plan.current, registrations)],
    trunkOf,
    credentials: credentialsOf,
    begin: (trunk) => health.begin(trunk, 'INVITE'),
    enter: limits.enter,
    outgoing,
    forwarded(trunk, { number, party, diversions, plan: callPlan, mailbox }) {
      const call = outgoing(trunk, number, callerShown(trunk, party, diversions), callPlan)
      return withDiversions(trunk, mailbox ? toMailbox(call, mailbox) : call, diversions, callPlan)
    },
    outgoingWithLocation(trunk, number, party, location) {
      if (trunk.location !== 'pidf-lo') return null
      const caller = callerUri(trunk, party, location.plan)
      return callWithLocation(outgoing(trunk, number, party, location.plan), { ...location, caller, at: store.clock.now() })
    },
    callerOf: (request) => callerOf(request, trunkOf(request), plan.current),
    calledNumber(request, callPlan) {
      const isToContact = registrations.withContact(userOf(request.uri)) !== null
      return calledNumber(request, { trunk: trunkOf(request), isToContact }, { dialplan: callPlan, directory })
    },
    withdraw: registrations.withdraw,
    resume: registrations.resume,
    async close() {
      offChange()
      present.close()
      await Promise.race([registrations.close(), pause(clock, removalMs)])
    },
  }
}

interface TrunkParts {
  readonly health: Health
  readonly registrations: Registrations
  readonly limits: TrunkLimits
}

function statesOf({ trunks, disabledTrunks }: Dialplan, { health, registrations, limits }: TrunkParts): readonly TrunkStatus[] {
  const states = trunks.map((trunk): TrunkStatus => {
    const since = health.downSince(trunk)
    const trouble = registrations.at(trunk)?.trouble ?? null
    const state = since === null && trouble === null ? 'up' : 'down'
    const retry = since === null ? null : health.retryAt(trunk)
    return { name: trunk.name, state, since, retry, trouble, registered: isRegistered(trunk, registrations), calls: limits.calls(trunk) }
  })
  const disabled = { state: 'disabled', since: null, retry: null, trouble: null, registered: null, calls: 0 } as const
  return [...states, ...disabledTrunks.map((name) => ({ name, ...disabled }))]
}

function isRegistered(trunk: Trunk, registrations: Registrations): boolean | null {
  const registration = registrations.at(trunk)
  if (!registration) return null
  return registration.binding === null ? (registrations.areOurs ? false : null) : true
}

function warningsOf({ trunks, emergencyTrunks, disabledTrunks }: Dialplan, { isReportedDown }: Health): readonly string[] {
  const down = trunks.filter(isReportedDown).map(({ name }) => name)
  const off = disabledTrunks.length > 0 ? ` (${disabledTrunks.join(', ')}: enabled is no)` : ''
  if (trunks.length === 0) return [`no trunk for emergency calls: the dial plan has none in use${off}`]
  if (emergencyTrunks.every(isReportedDown)) return [`no trunk for emergency calls: ${down.join(', ')} down`]
  return down.map((name) => `trunk ${name} is down; emergency calls have the others`)
}

function registrationWarnings({ trunks }: Dialplan, registrations: Registrations): readonly string[] {
  return trunks.flatMap((trunk) => {
    const trouble = registrations.at(trunk)?.trouble
    return trouble ? [`trunk ${trunk.name} is not registered (${trouble}): its calls do not arrive`] : []
  })
}

function overNextHop(call: OutgoingCall, { via, headers }: ReturnType<typeof nextHop>): OutgoingCall {
  return via === null ? call : { ...call, parts: { ...call.parts, via, headers: { ...call.parts.headers, ...headers } } }
}
