import type { Binding } from '../../registrar/registrar.js'
import { type Call, refuse } from '../call.js'
import { toEmergency } from '../emergency/emergency-call.js'
import type { Failure, Termination } from '../failure.js'
import type { CallNeeds } from '../needs.js'
import type { Decision, Question, To } from '../routing/contract.js'
import { decide } from '../routing/decide.js'
import { shownDigits } from '../routing/shown-digits.js'
import { phonesInReach } from './address-family.js'
import { place } from './attempt.js'
import { toOutside } from './outside-call.js'
import { contactsOf, redirectionIn, sameHostIn } from './redirection.js'
import { branchesTo, phoneBranch } from './user-branches.js'

/** A user may move while the phone rings; after that often the caller is told that nobody answers. */
const mostMoves = 3

/** RFC 3261 §17.1.1.2: Timer B. A phone on a bad line gets all its retransmissions. */
const silenceMs = 32_000

/** An emergency centre that calls back lets it ring. */
const callBackRingMs = 120_000

/** Sends a call where it was decided to go, and on from there until it has ended. */
export function carryOut(call: Call, decision: Decision, needs: CallNeeds): Promise<Termination> | Termination {
  note(call, decision, needs)
  const { to } = decision
  switch (to.kind) {
    case 'phones':
      return toPhones(call, to, needs)
    case 'call-back':
      call.control.isHelp = true
      return toPhoneInDistress(call, to, needs)
    case 'outside':
      return toOutside(call, to, needs)
    case 'emergency':
      return toEmergency(call, { ...to, device: call.caller.kind === 'device' ? call.caller.device : null }, needs)
    case 'refused':
      return refuse(call, to)
    case 'login':
    case 'logout':
    case 'please-log-in':
      // Spoken to whoever dialled it; nobody is put through to it.
      return refuse(call, { reason: 'not-from-here' })
  }
}

function note({ log, course }: Call, { steps, questions }: Decision, needs: CallNeeds): void {
  log.debug({ event: 'call.routed', steps }, 'why it goes where it goes')
  for (const question of questions) {
    if (question.kind === 'user') course.called.set(question.user.extension, needs.hotdesk.devicesOf(question.user.extension))
    if (question.kind !== 'forwarded') continue
    const number = shownDigits(question.number, needs) ?? 'unknown'
    log.info({ event: 'call.routed', to: `forward ${number}` }, `forwarded to ${number}`)
  }
}

async function toPhones(call: Call, to: To<'phones'>, needs: CallNeeds): Promise<Termination> {
  const { user, way } = to
  const { targets: bindings, others } = phonesInReach(call, to.bindings)
  if (others.length > 0) noteOutOfReach(call, [...new Set(others.map(({ device }) => device))])
  if (bindings.length + to.nodes.length === 0)
    return afterMiss(call, { reason: 'other-family' }, { kind: 'missed', user, reason: 'other-family', way }, needs)
  const branches = branchesTo({ ...to, bindings }, call, needs)
  const placed = await place(call, { branches, ringMs: user.ringSeconds * 1000, silenceMs, to: `user ${user.extension}` }, needs)
  switch (placed.outcome) {
    case 'ended':
      return placed.termination
    case 'missed':
      if (placed.failure.reason === 'redirected') return redirected(call, placed.failure, to, needs)
      return afterMiss(call, placed.failure, { kind: 'missed', user, reason: placed.failure.reason, way }, needs)
    case 'withdrawn':
      if (++call.course.moves >= mostMoves) return refuse(call, { reason: 'no-answer' })
      return carryOut(call, decide({ kind: 'extension', extension: user.extension, way }, needs), needs)
  }
}

function noteOutOfReach({ log }: Call, devices: readonly string[]): void {
  const words = `the caller's media and ${devices.join(', ')} have addresses of different families, IPv4 and IPv6: nothing relays between them`
  log.warn({ event: 'call.refused', status: 488, reason: 'other-family', devices }, words)
}

/** A phone of the user forwards by itself: the call goes to the first number that the dial plan takes (RFC 3261 §8.1.3.4). */
function redirected(
  call: Call,
  failure: Failure,
  { user, way, bindings }: To<'phones'>,
  needs: CallNeeds,
): Promise<Termination> | Termination {
  const { answer } = failure
  const numbers = call.invite.cancelled || !answer ? [] : redirectionIn(answer, (uri) => isOurs(uri, bindings, needs))
  // The caller's node knows where the call has been.
  if (way.hops > 0 && numbers.length > 0)
    return refuse(call, { ...failure, status: 302, headers: { Contact: contactsOf(numbers, needs.domain) } })
  const decisions = numbers.map((number) => decide({ kind: 'redirected', user, number, way }, needs))
  const decision = decisions.find(({ to }) => to.kind !== 'refused') ?? decisions[0]
  return decision ? carryOut(call, decision, needs) : refuse(call, failure)
}

/** A phone names the network in its Contact, or itself. */
function isOurs(uri: string, bindings: readonly Binding[], { registrar }: CallNeeds): boolean {
  return (
    bindings.length === 0 ||
    bindings.some(
      ({ device, contact, flow }) =>
        registrar.isCalled({ uri, receivedOn: '' }, device) || [contact, flow].some((own) => sameHostIn(own, uri)),
    )
  )
}

/** Where no forward takes the call, the caller hears what the phone said. */
function afterMiss(call: Call, failure: Failure, question: Question, needs: CallNeeds): Promise<Termination> | Termination {
  if (call.invite.cancelled) return refuse(call, failure)
  const decision = decide(question, needs)
  const isTheSame = decision.to.kind === 'refused' && decision.to.reason === failure.reason
  return isTheSame ? refuse(call, failure) : carryOut(call, decision, needs)
}

async function toPhoneInDistress(call: Call, { device, bindings }: To<'call-back'>, needs: CallNeeds): Promise<Termination> {
  const branches = bindings.map((binding) => phoneBranch(binding, call, needs))
  const placed = await place(call, { branches, ringMs: callBackRingMs, silenceMs, to: `phone ${device.id}` }, needs)
  if (placed.outcome === 'ended') return placed.termination
  return refuse(call, placed.outcome === 'missed' ? placed.failure : { reason: 'no-answer' })
}
