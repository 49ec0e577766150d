import type { Trunk } from '../dialplan/dialplan.js'
import type { SipAnswer, SipHeaders } from '../srf/srf.js'
import type { Call } from './call.js'
import type { Failure } from './failure.js'
import { type Placed, place } from './legs/place.js'
import { stuck } from './legs/ring.js'
import type { CallNeeds, LineCall } from './needs.js'
import type { Party } from './parties/party.js'

/** A carrier lets the far end ring as long as it likes; this only ends what nobody will ever answer. */
const ringMs = 180_000

/** How long a line may be silent before the next one is tried. */
interface Patience {
  /** Nothing heard at all: it is down. */
  readonly silenceMs: number
  /** Of that, with the place of the phone: enough for the second place of a name (2 s). What is left is for the call without it. */
  readonly locatedMs: number
}

/** Where a 100 is told: a line that has not even said that is down. */
export const hearingTrying: Patience = { silenceMs: 5_000, locatedMs: 2_500 }

/** A drachtio-server keeps the 100 to itself, and a line that works may take many seconds until it rings. */
const hearingRinging: Patience = { silenceMs: 15_000, locatedMs: 7_000 }

/** It has said 100: until it rings or refuses may take long, but where something else can be tried nobody waits for ever. */
const stuckMs = 20_000

/** The emergency centre is busy: the place of the phone has nothing to do with it. */
const busy: ReadonlySet<number> = new Set([486, 600])
const credentialsWanted: ReadonlySet<number> = new Set([401, 407])

export interface TrunkCall {
  readonly trunk: Trunk
  readonly number: string
  readonly party: Party
  /** The place of the phone, for a line that takes it; null: it does not go along. */
  readonly location: string | null
  /** No other line is left to try. */
  readonly isLast: boolean
  /** Every response of the trunk but 100, at the moment it arrives. */
  readonly onResponse: (answer: SipAnswer) => void
}

/** One line. Where it does not take the call with the place of the phone, it gets the call without before any other line is tried. */
export async function overTrunk(call: Call, what: TrunkCall, needs: CallNeeds): Promise<Placed> {
  const located = locatedCall(call, what, needs)
  const { silenceMs, locatedMs } = needs.srf.hearsTrying ? hearingTrying : hearingRinging
  const atLast = what.isLast ? ringMs : stuckMs
  if (!located) return placeOver(call, what, { line: plainCall(what, needs), silenceMs, stuckMs: atLast }, needs)
  const { name } = what.trunk
  call.log.info({ event: 'call.location', trunk: name, sent: true }, `${name} is told the place of the phone`)
  const placed = await placeOver(call, what, { line: located, silenceMs: locatedMs, stuckMs }, needs)
  if (placed.outcome !== 'missed' || call.invite.cancelled || !mayMindThePlace(placed.failure, what)) return placed
  const { status = 0, reason = '' } = placed.failure.answer ?? {}
  call.log.warn(
    { event: 'call.location', trunk: name, sent: false, status },
    `${name} did not take the call with the place of the phone (${status} ${reason}): it goes out without`,
  )
  return placeOver(call, what, { line: plainCall(what, needs), silenceMs: silenceMs - locatedMs, stuckMs: atLast }, needs)
}

/** Whatever else is said may be about the place, or the body that carries it, or the size that it gives the request. */
function mayMindThePlace({ answer }: Failure, { isLast }: TrunkCall): boolean {
  if (answer === stuck) return isLast
  return answer !== undefined && !busy.has(answer.status) && !credentialsWanted.has(answer.status)
}

function plainCall({ trunk, number, party }: TrunkCall, { trunks }: CallNeeds): LineCall {
  return trunks.outgoing(trunk, number, party)
}

function locatedCall({ offer }: Call, { trunk, number, party, location }: TrunkCall, { trunks }: CallNeeds): LineCall | null {
  return location === null ? null : trunks.located(trunk, number, party, { location, invite: { body: offer, header: () => '' } })
}

interface Sending {
  readonly line: LineCall
  readonly silenceMs: number
  readonly stuckMs: number
}

function placeOver(call: Call, { trunk, onResponse }: TrunkCall, { line, ...limits }: Sending, needs: CallNeeds): Promise<Placed> {
  const { uri, parts } = line
  const branch = { uri, parts: { ...parts, headers: { ...withoutIdentity(call.headers), ...parts.headers } }, device: null }
  return place(call, { branches: [branch], ringMs, ...limits, to: `trunk ${trunk.name}`, onResponse }, needs)
}

/** An identity inside the network is not the carrier's to know. */
function withoutIdentity({ 'P-Asserted-Identity': _asserted, Privacy: _privacy, ...headers }: SipHeaders): SipHeaders {
  return headers
}
