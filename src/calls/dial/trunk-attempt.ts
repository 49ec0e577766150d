import type { Milliseconds } from '../../base/clock.js'
import type { Trunk } from '../../dialplan/dialplan.js'
import type { SipAnswer } from '../../srf/srf.js'
import type { Call } from '../call.js'
import type { Party } from '../identity/party.js'
import type { CallNeeds, LineCall } from '../needs.js'
import { type Calling, type RingResult, ring, stuck } from './fork.js'

/** A carrier lets the far end ring as long as it likes; this only ends what nobody will ever answer. */
const ringMs = 180_000

/** How long a trunk may be silent. */
interface Patience {
  /** Nothing heard at all: the trunk is down. */
  readonly silenceMs: Milliseconds
  /** Of that, with the location of the phone: enough for the second place of a name (2 s). The rest is for the call without it. */
  readonly locatedMs: Milliseconds
  /** When the next trunk is asked beside this one; null: only after it. */
  readonly besideMs: Milliseconds | null
}

/** The SIP server reports a 100: a trunk that has not even sent that is down. */
export const hearingTrying: Patience = { silenceMs: 5_000, locatedMs: 2_500, besideMs: null }

/** A drachtio-server does not report a 100, and a trunk that works may take many seconds until it rings. */
const hearingRinging: Patience = { silenceMs: 15_000, locatedMs: 7_000, besideMs: 5_000 }

export function patienceWith({ srf }: Pick<CallNeeds, 'srf'>): Patience {
  return srf.hearsTrying ? hearingTrying : hearingRinging
}

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
  /** Every response of the trunk, also to a call that was cancelled, at the moment it arrives. */
  readonly onResponse: (answer: SipAnswer) => void
}

/** Calls over one trunk. If it does not take the call with the location of the phone, it gets the call without. */
export function overTrunk(call: Call, what: TrunkCall, needs: CallNeeds): Calling {
  let current: Calling | null = null
  let cancelled: string | null = null

  function send(sending: Sending): Promise<RingResult> {
    current = ringOver(call, what, sending, needs)
    if (cancelled !== null) current.cancel(cancelled)
    return current.result
  }

  async function run(): Promise<RingResult> {
    const located = locatedCall(call, what, needs)
    const { silenceMs, locatedMs } = patienceWith(needs)
    const atLast = what.isLast ? ringMs : stuckMs
    if (!located) return send({ line: plainCall(what, needs), silenceMs, stuckMs: atLast })
    const { name } = what.trunk
    call.log.info({ event: 'call.location', trunk: name, sent: true }, `${name} is told the place of the phone`)
    const outcome = await send({ line: located, silenceMs: locatedMs, stuckMs })
    if (outcome.outcome !== 'failed' || cancelled !== null || !mayMindThePlace(outcome.answer, what)) return outcome
    const { status, reason } = outcome.answer
    call.log.warn(
      { event: 'call.location', trunk: name, sent: false, status },
      `${name} did not take the call with the place of the phone (${status} ${reason}): it goes out without`,
    )
    return send({ line: plainCall(what, needs), silenceMs: silenceMs - locatedMs, stuckMs: atLast })
  }

  return {
    result: run(),
    cancel(reason) {
      cancelled = reason
      current?.cancel(reason)
    },
  }
}

/** Whatever else is said may be about the place, or the body that carries it, or the size that it gives the request. */
function mayMindThePlace(answer: SipAnswer, { isLast }: TrunkCall): boolean {
  if (answer === stuck) return isLast
  return !busy.has(answer.status) && !credentialsWanted.has(answer.status)
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

function ringOver(call: Call, { trunk, onResponse }: TrunkCall, { line, ...limits }: Sending, { srf, clock }: CallNeeds): Calling {
  const { uri, parts } = line
  const branch = { uri, parts: { ...parts, headers: { ...call.headers, ...parts.headers } }, device: null }
  const heard = { onProvisional: onResponse, onFinal: onResponse }
  const ringing = ring({ srf, clock, branches: [branch], sdp: call.offer || null, ringMs, ...limits, ...heard })
  call.course.reached = nameOf(trunk)
  call.log.info({ event: 'call.routed', to: nameOf(trunk), branches: 1 }, `to ${nameOf(trunk)}`)
  return ringing
}

/** As the call's record names it. */
export function nameOf({ name }: Trunk): string {
  return `trunk ${name}`
}
