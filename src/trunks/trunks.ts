import type { Clock, Milliseconds } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Dialplan, Trunk } from '../dialplan/dialplan.js'
import type { IncomingRequest, SipApplication, SipCredentials, SipSource } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import { createHealth, type Health, type Inquiry } from './health.js'
import { calledNumber, callerOf, callerUri, credentialsOf, type OutgoingCall, type OutsideParty, outgoingCall } from './identity.js'
import { type CallPlace, locatedCall } from './located.js'
import { startPing } from './ping.js'
import { createSourceLookup } from './source.js'

export type { Inquiry } from './health.js'
export type { OutgoingCall, OutsideParty } from './identity.js'
export type { CallPlace } from './located.js'

/** The carriers' lines of this site. */
export interface Trunks {
  /** Lines that work first, each kind in the order given; then those that are down: none is left out. */
  order(trunks: readonly Trunk[]): readonly Trunk[]
  /** The line a request came from, by its source address. */
  trunkOf(source: SipSource): Trunk | null
  /** Begins a call to the trunk. What the trunk responds decides whether it takes calls. */
  asked(trunk: Trunk): Inquiry
  /** Request-URI, identity and credentials of a call to that carrier. */
  outgoing(trunk: Trunk, number: string, party: OutsideParty): OutgoingCall
  /** The same with the place of the phone; null where the carrier does not take it, or the call cannot carry it. */
  located(trunk: Trunk, number: string, party: OutsideParty, place: CallPlace): OutgoingCall | null
  /** Our account at that carrier; null if it needs none. */
  credentials(trunk: Trunk): SipCredentials | null
  /** The caller of a call that came from a trunk. */
  caller(request: IncomingRequest): OutsideParty
  /** The number a trunk call is for. */
  called(request: IncomingRequest): string
  /** Why emergency calls may not leave the site, in sentences. */
  warnings(): readonly string[]
  close(): Promise<void>
}

export interface TrunksNeeds {
  readonly srf: SipApplication
  readonly dialplan: Dialplan
  /** Dates what a carrier is told. */
  readonly store: Pick<Store, 'clock'>
  /** The node's own. */
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly settings?: Partial<TrunkSettings>
}

export interface TrunkSettings {
  /** How long a line comes last after a failure; each further one in a row doubles it. */
  readonly downMs: Milliseconds
  readonly longestDownMs: Milliseconds
}

export const defaultTrunkSettings: TrunkSettings = { downMs: 30_000, longestDownMs: 300_000 }

export function createTrunks({ srf, dialplan, store, clock, log, metrics, settings }: TrunksNeeds): Trunks {
  const health = createHealth({ clock, log, metrics, ...defaultTrunkSettings, ...settings })
  const trunkOf = createSourceLookup(dialplan.trunks)
  const pings = dialplan.trunks.map((trunk) => startPing(trunk, { srf, health, clock, log }))
  for (const { name } of dialplan.trunks) metrics.trunkUp.set({ trunk: name }, 1)

  return {
    order(trunks) {
      const down = trunks.filter((trunk) => !health.isUp(trunk))
      return [...trunks.filter(health.isUp), ...down.sort((a, b) => health.retryAt(a) - health.retryAt(b))]
    },
    warnings: () => warningsOf(dialplan, health),
    trunkOf,
    credentials: credentialsOf,
    asked: (trunk) => health.asked(trunk, 'INVITE'),
    outgoing: (trunk, number, party) => outgoingCall(trunk, number, party, dialplan),
    located(trunk, number, party, place) {
      if (trunk.location !== 'pidf-lo') return null
      const call = outgoingCall(trunk, number, party, dialplan)
      return locatedCall(call, { ...place, caller: callerUri(trunk, party, dialplan), at: store.clock.now() })
    },
    caller: (request) => callerOf(request, trunkOf(request.source)),
    called: (request) => calledNumber(request, dialplan),
    close() {
      for (const ping of pings) ping?.cancel()
      return Promise.resolve()
    },
  }
}

function warningsOf({ trunks, disabledTrunks }: Dialplan, { isToldDown }: Health): readonly string[] {
  const down = trunks.filter(isToldDown).map(({ name }) => name)
  const off = disabledTrunks.length > 0 ? ` (${disabledTrunks.join(', ')}: enabled is no)` : ''
  if (trunks.length === 0) return [`no trunk for emergency calls: the dial plan has none in use${off}`]
  if (down.length === trunks.length) return [`no trunk for emergency calls: ${down.join(', ')} down`]
  return down.map((name) => `trunk ${name} is down; emergency calls have the others`)
}
