import type { Trunk } from '../../dialplan/dialplan.js'
import type { SipReply } from '../../srf/srf.js'
import type { TrunkRequest, Trunks } from '../../trunks/trunks.js'
import { sessionDescription } from '../bridge/session-description.js'
import { type Call, reject } from '../call.js'
import type { RefusalReason, Termination } from '../failure.js'
import type { DestinationOf } from '../routing/contract.js'
import { trunksByFamily } from './address-family.js'
import type { Attempts, Target } from './attempt.js'
import type { AttemptResult } from './fork.js'
import { isSisterFault, type SisterAttemptNeeds, trySister } from './sister-attempt.js'
import { patienceWith, type TrunkCall, targetName, tryTrunk } from './trunk-attempt.js'
import { huntTrunks, type TrunkAttempt, type TrunkTurn, type Verdict } from './trunk-hunt.js'
import { type TrunkWay, trunkWays } from './trunk-ways.js'

export interface OutsideCallNeeds extends SisterAttemptNeeds {
  readonly trunks: Pick<Trunks, 'begin' | 'enter' | 'share' | 'outgoing' | 'outgoingWithLocation' | 'forwarded'>
  readonly attempts: Pick<Attempts, 'complete' | 'provisionalRelay'>
}

interface OutsideCall extends Omit<TrunkCall, 'trunk' | 'isLast' | 'onResponse'> {
  /** Written in the form that the trunk asks for. Null: every trunk gets `number`, as for an emergency number. */
  readonly e164: string | null
  /** In the order in which they are tried. */
  readonly trunks: readonly Trunk[]
  /** What the caller hears instead of the refusal of a trunk. */
  readonly otherwise?: RefusalReason
}

/** Calls over trunks. Each resolves when its call has ended. */
export interface OutsideCalls {
  dial(call: Call, to: DestinationOf<'outside'>): Promise<Termination>
  /** Calls a voicemail server. If it does not take the call, the caller hears why the user did not. */
  leaveMessage(call: Call, to: DestinationOf<'voicemail'>): Promise<Termination>
  /**
   * An ordinary call goes to the next trunk when one is at fault. An emergency call goes to the next after every refusal, 486 and 6xx
   * included: a trunk that does not take such calls may decline them, and an emergency centre that is busy over one trunk may be free over
   * another.
   */
  overTrunks(call: Call, outside: OutsideCall): Promise<Termination>
}

/** Neither a phone nor a node. */
const outside: readonly Target[] = [{ device: null }]

export function createOutsideCalls(needs: OutsideCallNeeds): OutsideCalls {
  const { srf, clock, trunks, attempts } = needs
  const { besideMs } = patienceWith(srf)

  async function overTrunks(call: Call, { trunks: inOrder, otherwise, ...details }: OutsideCall): Promise<Termination> {
    const hunt: Hunt = { ways: waysFor(call, inOrder), earlyMedia: earlyMediaFor(call), places: new Set() }
    const attempt = huntTrunks({
      ways: hunt.ways,
      besideMs,
      // The same trunk would get the call twice, and a callee who is busy with the first would end both.
      mayBeBeside: ({ kind }) => kind !== 'fallback' || call.kind === 'emergency',
      clock,
      call: (turn) => (turn.way.kind === 'sister' ? callSister(call, turn, turn.way, hunt, details) : callTrunk(call, turn, hunt, details)),
      judge: (response, way) => verdictOn(call, response, way),
    })
    const result = await attempts.complete(call, attempt, outside).finally(() => {
      for (const leave of hunt.places) leave()
    })
    if (result.outcome === 'ended') return result.termination
    if (otherwise && !call.invite.cancelled) return reject(call, { reason: otherwise })
    return reject(call, result.outcome === 'missed' ? result.failure : { reason: 'no-trunk' })
  }

  function earlyMediaFor(call: Call): EarlyMedia {
    const relay = attempts.provisionalRelay(call, 1)
    let source: TrunkWay | null = null
    return {
      relay(way, response) {
        if (source !== null && source !== way) return
        if (sessionDescription(response) !== '') source = way
        relay(response)
      },
      release(way) {
        if (source === way) source = null
      },
    }
  }

  /** Calls over one trunk, and tracks whether the trunk works. A trunk at its limit does not learn of the call. */
  function callTrunk(
    call: Call,
    { way, isLast, onRinging }: TrunkTurn<TrunkWay>,
    { earlyMedia, places }: Hunt,
    details: CallDetails,
  ): TrunkAttempt {
    const { trunk } = way
    const place = trunks.enter(trunk, call.kind === 'emergency' ? 'urgent' : 'ordinary')
    if (place.outcome === 'full') return full
    const { leave } = place
    places.add(leave)
    const request = trunks.begin(trunk)
    const began = clock.now()
    let hasResponded = false

    function onResponse(response: SipReply): void {
      if (response.madeHere || response.status === 100) return
      hasResponded = true
      if (!isTrunkFault(response)) request.responded()
      if (response.status >= 200) return
      onRinging()
      earlyMedia.relay(way, response)
    }

    function onResult(result: AttemptResult): AttemptResult {
      earlyMedia.release(way)
      if (result.outcome === 'accepted') call.progress.reached = targetName(trunk)
      else leave()
      if (result.outcome !== 'failed') return result
      if (isTrunkFault(result.response)) noteFault(request, result.response)
      return ofTrunk(result)
    }

    const { result, cancel } = tryTrunk(call, { trunk, isLast, onResponse, ...details, number: numberFor(trunk, details, call) }, needs)
    return {
      result: result.then(onResult),
      cancel,
      passOver(reason) {
        cancel(reason)
        const hadItsTime = besideMs !== null && clock.now() - began >= besideMs
        if (hadItsTime && !hasResponded) request.passedOver()
      },
    }
  }

  /** Another node of the site calls the trunk, and tracks whether it works. */
  function callSister(call: Call, { onRinging }: TrunkTurn<TrunkWay>, way: SisterWay, hunt: Hunt, details: CallDetails): TrunkAttempt {
    const { trunk } = way
    const { earlyMedia, ways } = hunt
    // The other way to the same trunk is for a node that does not take the call: it does not end the patience with this one.
    const isLast = ways.slice(ways.indexOf(way) + 1).every((other) => other.trunk === trunk)

    function onResponse(response: SipReply): void {
      if (response.madeHere || response.status <= 100 || response.status >= 200) return
      onRinging()
      earlyMedia.relay(way, response)
    }

    function onResult(result: AttemptResult): AttemptResult {
      earlyMedia.release(way)
      if (result.outcome === 'accepted') call.progress.reached = targetName(trunk)
      if (result.outcome !== 'failed') return result
      noteRefusal(call, way, result.response)
      return ofTrunk(result)
    }

    const { result, cancel } = trySister(
      call,
      way,
      { trunk, isLast, onResponse, ...details, number: numberFor(trunk, details, call) },
      needs,
    )
    return { result: result.then(onResult), cancel, passOver: cancel }
  }

  return {
    dial(call, { number, e164, trunks: inOrder, callerId, diversions }) {
      const { reachable, unreachable } = trunksByFamily(call, inOrder)
      if (unreachable.length > 0 && reachable.length === 0) return Promise.resolve(rejectFamily(call, unreachable))
      const party = callerId === null ? call.party : { ...call.party, number: callerId, isAsserted: true }
      return overTrunks(call, { number, e164, trunks: trunks.share(reachable), party, location: null, diversions })
    },
    leaveMessage(call, { trunk, number, mailbox, cause, otherwise, diversions }) {
      const message = { mailbox: { name: mailbox, cause }, otherwise, diversions }
      return overTrunks(call, { number, e164: null, trunks: [trunk], party: call.party, location: null, ...message })
    },
    overTrunks,
  }
}

function numberFor({ numbers }: Trunk, { number, e164 }: CallDetails, { plan }: Call): string {
  return numbers === undefined || e164 === null ? number : plan.numbers.written(e164, numbers)
}

/** A 487 is the trunk's own: a call that we have cancelled waits for no response. */
function ofTrunk(result: Extract<AttemptResult, { readonly outcome: 'failed' }>): AttemptResult {
  return result.response.status === 487 ? { ...result, reason: 'upstream' } : result
}

type SisterWay = Extract<TrunkWay, { readonly kind: 'sister' }>

/** A call that has been handed over is not handed on. */
function waysFor({ caller, kind, knowledge }: Call, trunks: readonly Trunk[]): readonly TrunkWay[] {
  if (caller.kind === 'node' && caller.purpose === 'trunk') return trunks.map((trunk) => ({ kind: 'own', trunk }))
  return trunkWays(trunks, kind, knowledge)
}

function noteRefusal({ log }: Call, { node: { name }, trunk }: SisterWay, { status }: SipReply): void {
  log.info({ event: 'call.refused', peer: name, trunk: trunk.name, status }, `no call over ${trunk.name} by ${name}: ${status}`)
}

/** The calls over several trunks for one caller. */
interface Hunt {
  readonly ways: readonly TrunkWay[]
  readonly earlyMedia: EarlyMedia
  /** End the use of a trunk. */
  readonly places: Set<() => void>
}

/** A trunk at its limit: the next one may take the call. */
const full: TrunkAttempt = {
  result: Promise.resolve({
    outcome: 'failed',
    response: { status: 503, reason: 'Trunk Full', header: () => '', body: '', madeHere: 'server' },
  }),
  cancel: () => undefined,
  passOver: () => undefined,
}

type CallDetails = Omit<OutsideCall, 'trunks' | 'otherwise'>

/** Early media of two trunks cannot be mixed: the caller hears the trunk that sends it first. */
interface EarlyMedia {
  relay(way: TrunkWay, response: SipReply): void
  /** The next trunk that sends early media is heard. */
  release(way: TrunkWay): void
}

function rejectFamily(call: Call, trunks: readonly Trunk[]): Termination {
  const names = trunks.map(({ name }) => name)
  const text = `the caller's media and ${names.join(', ')} have addresses of different families, IPv4 and IPv6: nothing relays between them`
  call.log.warn({ event: 'call.refused', status: 488, reason: 'other-family', trunks: names }, text)
  return reject(call, { reason: 'other-family' })
}

function verdictOn({ kind }: Call, response: SipReply, way: TrunkWay): Verdict {
  if (way.kind === 'sister' && isSisterFault(response)) return 'fault'
  if (isTrunkFault(response)) return 'fault'
  // It takes calls only from the address that has registered.
  if (way.kind === 'fallback' && response.status === 403) return 'refused'
  // A redirection by a trunk is not followed, because calls go only to trunks of the dial plan.
  if (response.status < 400) return 'refused'
  return kind === 'emergency' ? 'refused' : 'final'
}

/** The trunk is at fault, not the number: the next trunk may work (RFC 3263 §4.3 names 503 and timeouts). */
function isTrunkFault({ status }: SipReply): boolean {
  return trunkFaults.has(status) || (status >= 500 && status < 600)
}

/** 430, 477 and 478: a proxy in front of the trunk cannot reach it. */
const trunkFaults: ReadonlySet<number> = new Set([401, 407, 408, 430, 477, 478])

function noteFault(request: TrunkRequest, { status, madeHere }: SipReply): void {
  // The request was never sent, so it shows nothing about the trunk.
  if (madeHere === 'link') return
  if (madeHere && status === 408) request.timedOut()
  else request.failed(status)
}
