import type { Milliseconds } from '../../base/clock.js'
import type { Binding, Registrar } from '../../registrar/registrar.js'
import type { SipApplication } from '../../srf/srf.js'
import { type Call, reject } from '../call.js'
import type { Failure, RefusalReason, Termination } from '../failure.js'
import type { Limits } from '../limits/limits.js'
import type { Decision, DestinationOf, Question } from '../routing/contract.js'
import { decide } from '../routing/decide.js'
import { shownDigits } from '../routing/shown-digits.js'
import { phonesByFamily } from './address-family.js'
import type { Attempts } from './attempt.js'
import type { Destinations } from './destinations.js'
import type { Branch } from './fork.js'
import { redirectHeaders, redirectionOf, redirectNumbers, sameHostIn } from './redirection.js'
import { patienceWith } from './trunk-attempt.js'
import type { UserBranches } from './user-branches.js'

/** A user may move while the phone rings. After this many moves the call counts as not answered. */
const maxMoves = 3

/** Timer B (RFC 3261 §17.1.1.2): a phone on a lossy network gets all retransmissions. */
const silenceMs: Milliseconds = 32_000

/** A node responds within milliseconds: it sends 100 before anything else. */
const nodeSilenceMs: Milliseconds = 3_000

/** A PSAP callback rings for longer than any user's setting. */
const callbackRingMs: Milliseconds = 120_000

export interface DialNeeds {
  readonly srf: Pick<SipApplication, 'reportsTrying'>
  readonly attempts: Attempts
  readonly branches: UserBranches
  readonly destinations: Destinations
  readonly registrar: Pick<Registrar, 'isCalled'>
  readonly limits: Pick<Limits, 'report' | 'counted'>
  readonly domain: string
}

/** Sends a call to its destination, and on from there until it has ended. */
export type Dial = (call: Call, decision: Decision) => Promise<Termination> | Termination

export function createDial({ srf, attempts, branches, destinations, registrar, limits, domain }: DialNeeds): Dial {
  const { outsideCalls, dialEmergency, dialBreakOut, breakOutMenu, pickUp, park, spokenRefusals } = destinations

  function dial(call: Call, decision: Decision): Promise<Termination> | Termination {
    log(call, decision)
    limits.report(call, decision)
    const { to } = decision
    switch (to.kind) {
      case 'phones':
        return toPhones(call, to)
      case 'psap-callback':
        call.control.isEmergency = true
        return toEmergencyCaller(call, to)
      case 'outside':
        call.progress.callee = { user: null, outside: decision, party: { name: '', number: to.number, isPrivate: false, isAsserted: true } }
        return limits.counted(call, decision, () => outsideCalls.dial(call, to))
      case 'voicemail':
        return limits.counted(call, decision, () => outsideCalls.leaveMessage(call, to))
      case 'emergency':
        return dialEmergency(call, { ...to, device: call.caller.kind === 'device' ? call.caller.device : null })
      case 'break-out':
        call.progress.callee = { user: null, outside: decision, party: { name: '', number: to.digits, isPrivate: false, isAsserted: true } }
        return dialBreakOut(call, to)
      case 'break-out-menu':
        return breakOutMenu(call, to, dial)
      case 'announcement':
        return spokenRefusals.announce(call, to.prompt)
      case 'refused':
        return spokenRefusals.refuse(call, to)
      case 'feature':
        if (to.feature === 'park') return park.dialled(call, to.argument, dial)
        return to.feature === 'pick-up' ? pickUp.dialled(call, to.argument) : reject(call, { reason: 'not-from-here' })
      case 'login':
      case 'logout':
      case 'logout-everywhere':
      case 'please-log-in':
        // A feature code works only for the phone that dials it: a forward cannot lead to it.
        return reject(call, { reason: 'not-from-here' })
    }
  }

  function log({ log, progress, knowledge }: Call, { steps, questions, to }: Decision): void {
    log.debug({ event: 'call.routed', steps }, 'routing steps')
    for (const question of questions) {
      if (question.kind === 'user') progress.called.set(question.user.extension, knowledge.hotdesk.devicesOf(question.user.extension))
      if (question.kind !== 'forwarded') continue
      const number = shownDigits(question.number, knowledge) ?? 'unknown'
      progress.forwarded.set(question.user.extension, number)
      log.info({ event: 'call.routed', to: `forward ${number}` }, `forwarded to ${number}`)
    }
    const last = questions.at(-1)
    if (to.kind === 'voicemail' && last && 'user' in last && last.user) progress.forwarded.set(last.user.extension, 'voicemail')
  }

  async function toPhones(call: Call, to: DestinationOf<'phones'>): Promise<Termination> {
    const { user, history } = to
    call.progress.callee = { user, outside: null, party: { name: user.name, number: user.extension, isPrivate: false, isAsserted: true } }
    const { reachable: bindings, unreachable } = phonesByFamily(call, to.bindings)
    if (unreachable.length > 0) warnOfFamily(call, [...new Set(unreachable.map(({ device }) => device))])
    if (bindings.length + to.nodes.length === 0)
      return afterMiss(call, { reason: 'other-family' }, { kind: 'missed', user, reason: 'other-family', history })
    const plan = { ringMs: user.ringSeconds * 1000, silenceMs, target: `user ${user.extension}`, user: user.extension }
    const result = await attempts.fork(call, { ...plan, branches: branches.toUser(call, { ...to, bindings }) })
    switch (result.outcome) {
      case 'ended':
        return result.termination
      case 'missed':
        if (result.failure.reason === 'redirected') return redirect(call, result.failure, to)
        return afterMiss(call, result.failure, { kind: 'missed', user, reason: result.failure.reason, history })
      case 'withdrawn':
        if (++call.progress.moves >= maxMoves) return reject(call, { reason: 'no-answer' })
        return dial(call, decide({ kind: 'extension', extension: user.extension, history }, call.knowledge))
    }
  }

  /** A phone of the user forwards by itself: the call goes to the first number that the dial plan accepts (RFC 3261 §8.1.3.4). */
  function redirect(
    call: Call,
    failure: Failure,
    { user, history, bindings }: DestinationOf<'phones'>,
  ): Promise<Termination> | Termination {
    const { response } = failure
    const numbers = call.invite.cancelled || !response ? [] : redirectNumbers(response, (uri) => isOurs(uri, bindings), call.plan)
    const as = redirectionOf(response ?? noHeaders)
    // The caller's node decides, because it knows the history of the call.
    if (history.hops > 0 && numbers.length > 0)
      return reject(call, { ...failure, status: 302, headers: redirectHeaders(numbers, { ...as, user, domain }) })
    const decisions = numbers.map((number) => decide({ kind: 'redirected', user, number, as, history }, call.knowledge))
    const decision = decisions.find(({ to }) => to.kind !== 'refused') ?? decisions[0]
    return decision ? dial(call, decision) : reject(call, failure)
  }

  /** The Contact of a redirecting phone names the network or the phone itself. */
  function isOurs(uri: string, bindings: readonly Binding[]): boolean {
    return (
      bindings.length === 0 ||
      bindings.some(
        ({ device, contact, flow }) =>
          registrar.isCalled({ uri, receivedOn: '' }, device) || [contact, flow].some((own) => sameHostIn(own, uri)),
      )
    )
  }

  /** If no forward takes the call, the caller gets the response of the phone. */
  function afterMiss(call: Call, failure: Failure, question: Question): Promise<Termination> | Termination {
    if (call.invite.cancelled) return reject(call, failure)
    const decision = decide(question, call.knowledge)
    const isSame = decision.to.kind === 'refused' && decision.to.reason === failure.reason
    return isSame ? reject(call, failure) : dial(call, decision)
  }

  /** The emergency centre calls back. If the node that holds the phone cannot be reached, the phone may still be, from here. */
  async function toEmergencyCaller(call: Call, { device, bindings, nodes }: DestinationOf<'psap-callback'>): Promise<Termination> {
    const direct = bindings.filter(({ node }) => !nodes.some(({ name }) => name === node))
    const ring = (silenceMs: Milliseconds, to: readonly Branch[]) =>
      attempts.fork(call, { ringMs: callbackRingMs, silenceMs, target: `phone ${device.id}`, branches: to })
    const toPhones = (phones: readonly Binding[]) => phones.map((binding) => branches.toPhone(call, binding))
    const toNodes = nodes.map((node) => branches.toPhoneAt(call, node, device.id))
    const firstMs = srf.reportsTrying ? nodeSilenceMs : patienceWith(srf).silenceMs
    const first = await ring(nodes.length === 0 ? silenceMs : firstMs, [...toPhones(direct), ...toNodes])
    const isNodeLost = first.outcome === 'missed' && !call.invite.cancelled && nodeReasons.has(first.failure.reason)
    const result = nodes.length > 0 && isNodeLost ? await ring(silenceMs, toPhones(bindings)) : first
    if (result.outcome === 'ended') return result.termination
    return reject(call, result.outcome === 'missed' ? result.failure : { reason: 'no-answer' })
  }

  return dial
}

/** Reasons that may be those of a node rather than its phone. A node that does not believe ours, because a clock is wrong, gives none. */
const nodeReasons: ReadonlySet<RefusalReason> = new Set<RefusalReason>(['not-reachable', 'upstream', 'not-allowed', 'fault'])

const noHeaders = { header: () => '' }

function warnOfFamily({ log }: Call, devices: readonly string[]): void {
  const text = `the caller's media and ${devices.join(', ')} have addresses of different families, IPv4 and IPv6: nothing relays between them`
  log.warn({ event: 'call.refused', status: 488, reason: 'other-family', devices }, text)
}
