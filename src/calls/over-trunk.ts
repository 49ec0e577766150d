import type { Trunk } from '../dialplan/dialplan.js'
import type { Call } from './call.js'
import { type Placed, place } from './legs/place.js'
import type { CallNeeds, LineCall } from './needs.js'
import type { Party } from './parties/party.js'

/** A carrier lets the far end ring as long as it likes; this only ends what nobody will ever answer. */
const ringMs = 180_000

/** A line that has not even said 100 by then is down, and the next one is tried. */
const silenceMs = 5_000

/** Enough for three transmissions. What is left is as much again without the place, so that it costs a dead line no time. */
const locatedSilenceMs = 2_000

/** Answers that may speak of the place or of the body that carries it, and not of the call. */
const aboutTheLocation: Readonly<Record<number, string>> = {
  400: 'it cannot read the request',
  403: 'it lets no such request pass',
  406: 'it does not accept the body',
  408: 'it is silent, as if it dropped what it does not know or what is too large',
  413: 'the body is too large',
  415: 'it knows no such body', // RFC 5621 §4.2: who knows no bodies of several parts
  424: 'the place is not good enough', // RFC 6442 §4.3
  488: 'it does not accept the body',
  493: 'it cannot read the body',
  500: 'it cannot process the place', // RFC 6442 §4.4
  501: 'it knows no such request',
  513: 'the request is too large',
  606: 'it does not accept the body',
}

export interface TrunkCall {
  readonly trunk: Trunk
  readonly number: string
  readonly party: Party
  /** The place of the phone, for a line that takes it; null: it does not go along. */
  readonly location: string | null
}

/** One line. Where it does not take the call with the place of the phone, it gets the call without before any other line is tried. */
export async function overTrunk(call: Call, what: TrunkCall, needs: CallNeeds): Promise<Placed> {
  const located = locatedCall(call, what, needs)
  if (!located) return placeOver(call, what, plainCall(what, needs), needs, silenceMs)
  const { name } = what.trunk
  call.log.info({ event: 'call.location', trunk: name, sent: true }, `${name} is told the place of the phone`)
  const placed = await placeOver(call, what, located, needs, locatedSilenceMs)
  const status = placed.outcome === 'missed' ? (placed.failure.answer?.status ?? 0) : 0
  const objection = aboutTheLocation[status]
  if (objection === undefined || call.invite.cancelled) return placed
  call.log.warn(
    { event: 'call.location', trunk: name, sent: false, status },
    `${name} did not take the place of the phone, ${objection} (${status}): the call goes out without it`,
  )
  return placeOver(call, what, plainCall(what, needs), needs, silenceMs - locatedSilenceMs)
}

function plainCall({ trunk, number, party }: TrunkCall, { trunks }: CallNeeds): LineCall {
  return trunks.outgoing(trunk, number, party)
}

function locatedCall({ invite }: Call, { trunk, number, party, location }: TrunkCall, { trunks }: CallNeeds): LineCall | null {
  return location === null ? null : trunks.located(trunk, number, party, { location, invite })
}

function placeOver(call: Call, { trunk }: TrunkCall, { uri, parts }: LineCall, needs: CallNeeds, silenceMs: number): Promise<Placed> {
  const branch = { uri, parts: { ...parts, headers: { ...call.headers, ...parts.headers } }, device: null }
  return place(call, { branches: [branch], ringMs, silenceMs, to: `trunk ${trunk.name}` }, needs)
}
