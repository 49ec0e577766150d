import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Trunk } from '../../dialplan/dialplan.js'
import type { Diversion } from '../../sip/diversion/diversion.js'
import type { Party } from '../../sip/identity/party.js'
import { type SipApplication, type SipReply, trunkCapabilities } from '../../srf/srf.js'
import type { Mailbox, OutgoingCall, Trunks } from '../../trunks/trunks.js'
import type { Call } from '../call.js'
import { noteLeg } from '../call-legs.js'
import { type Attempt, type AttemptResult, fork, noProgress } from './fork.js'

/** A trunk decides how long it lets the far end ring. This only ends calls that will never be answered. */
const ringMs: Milliseconds = 180_000

/** How long a trunk may be silent. */
interface Patience {
  /** No response at all by then: the trunk is down. */
  readonly silenceMs: Milliseconds
  /** The part of that for the call with location: enough for the second address of a host name (2 s). The rest is for the call without. */
  readonly locatedMs: Milliseconds
  /** When the next trunk is called beside this one; null: only after it. */
  readonly besideMs: Milliseconds | null
}

/** The SIP server reports 100: a trunk that has not even sent that is down. */
export const patienceWithTrying: Patience = { silenceMs: 5_000, locatedMs: 2_500, besideMs: null }

/** drachtio-server does not report 100, and a working trunk may take many seconds to ring. */
const patienceWithoutTrying: Patience = { silenceMs: 15_000, locatedMs: 7_000, besideMs: 5_000 }

export function patienceWith({ reportsTrying }: Pick<SipApplication, 'reportsTrying'>): Patience {
  return reportsTrying ? patienceWithTrying : patienceWithoutTrying
}

/** After a 100, ringing or refusal may take long; but while another trunk is left, the wait is limited. */
const noProgressMs: Milliseconds = 20_000

/** How long the far end may ring, and may be silent after a 100. */
export function patienceWithoutProgress(isLast: boolean): { readonly ringMs: Milliseconds; readonly noProgressMs: Milliseconds } {
  return { ringMs, noProgressMs: isLast ? ringMs : noProgressMs }
}

/** The emergency centre is busy: that has nothing to do with the location. */
const busy: ReadonlySet<number> = new Set([486, 600])
const credentialsWanted: ReadonlySet<number> = new Set([401, 407])

export interface TrunkCall {
  readonly trunk: Trunk
  readonly number: string
  readonly party: Party
  /** The forwards that have led here, oldest first. */
  readonly diversions: readonly Diversion[]
  /** The trunk is a voicemail server; left out: it is not. */
  readonly mailbox?: Mailbox
  /** Location of the phone (RFC 6442), for a trunk that takes it; null: not sent. */
  readonly location: string | null
  /** No other trunk is left to try. */
  readonly isLast: boolean
  /** Every response of the trunk as it arrives, including those to a cancelled call. */
  readonly onResponse: (response: SipReply) => void
}

export interface TrunkAttemptNeeds {
  readonly srf: SipApplication
  readonly clock: Clock
  readonly trunks: Pick<Trunks, 'outgoing' | 'outgoingWithLocation' | 'forwarded'>
}

/** Calls over one trunk. If the trunk does not take the call with the location of the phone, it gets the call without. */
export function tryTrunk(call: Call, trunkCall: TrunkCall, needs: TrunkAttemptNeeds): Attempt {
  const { trunk, number, party, isLast, diversions, mailbox } = trunkCall
  let current: Attempt | null = null
  let cancelled: string | null = null

  function send(outgoing: OutgoingCall, limits: Limits): Promise<AttemptResult> {
    current = start(call, trunkCall, outgoing, limits, needs)
    if (cancelled !== null) current.cancel(cancelled)
    return current.result
  }

  async function run(): Promise<AttemptResult> {
    const plain =
      diversions.length === 0
        ? needs.trunks.outgoing(trunk, number, party, call.plan)
        : needs.trunks.forwarded(trunk, { number, party, diversions, plan: call.plan, ...(mailbox && { mailbox }) })
    const located = withLocation(call, trunkCall, needs)
    const { silenceMs, locatedMs } = patienceWith(needs.srf)
    const finalMs = isLast ? ringMs : noProgressMs
    if (!located) return send(plain, { silenceMs, noProgressMs: finalMs })
    const { name } = trunk
    call.log.info({ event: 'call.location', trunk: name, sent: true }, `${name} gets the location of the phone`)
    const result = await send(located, { silenceMs: locatedMs, noProgressMs })
    if (result.outcome !== 'failed' || cancelled !== null || !mayRejectLocation(result.response, trunkCall)) return result
    const { status, reason } = result.response
    const text = `${name} did not take the call with the location of the phone (${status} ${reason}): trying without`
    call.log.warn({ event: 'call.location', trunk: name, sent: false, status }, text)
    return send(plain, { silenceMs: silenceMs - locatedMs, noProgressMs: finalMs })
  }

  return {
    result: run(),
    cancel(reason) {
      cancelled = reason
      current?.cancel(reason)
    },
  }
}

/** Any other refusal may be about the location, its body, or the size of the request. */
function mayRejectLocation(response: SipReply, { isLast }: TrunkCall): boolean {
  if (response === noProgress) return isLast
  return !busy.has(response.status) && !credentialsWanted.has(response.status)
}

function withLocation(
  { offer, plan }: Call,
  { trunk, number, party, location }: TrunkCall,
  { trunks }: TrunkAttemptNeeds,
): OutgoingCall | null {
  if (location === null) return null
  return trunks.outgoingWithLocation(trunk, number, party, { location, invite: { body: offer, header: () => '' }, plan })
}

interface Limits {
  readonly silenceMs: Milliseconds
  readonly noProgressMs: Milliseconds
}

function start(call: Call, { trunk, onResponse }: TrunkCall, outgoing: OutgoingCall, limits: Limits, needs: TrunkAttemptNeeds): Attempt {
  const { uri, parts } = outgoing
  // A trunk learns no extensions (RFC 3892 §6).
  const { 'Referred-By': _by, ...headers } = call.headers
  const branch = { uri, parts: { ...parts, headers: { ...headers, ...trunkCapabilities, ...parts.headers } }, device: null, trunk }
  const listeners = { onProvisional: onResponse, onFinal: onResponse }
  const { srf, clock } = needs
  const attempt = fork({ srf, clock, branches: [branch], sdp: call.offer || null, ringMs, ...limits, ...listeners })
  attempt.onSent((sent, callId) => noteLeg(call, sent, callId))
  const target = targetName(trunk)
  call.progress.reached = target
  call.log.info({ event: 'call.routed', to: target, branches: 1 }, `to ${target}`)
  return attempt
}

/** For the log and the record. */
export function targetName({ name }: Trunk): string {
  return `trunk ${name}`
}
