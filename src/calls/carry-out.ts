import { type Call, refuse } from './call.js'
import type { Decision, Question, To } from './decision/contract.js'
import { decide } from './decision/decision.js'
import { toEmergency } from './emergency.js'
import type { Failure, Termination } from './failure.js'
import { branchesTo, phoneBranch } from './legs/branches.js'
import { phonesInReach } from './legs/network-family.js'
import { place } from './legs/place.js'
import type { CallNeeds } from './needs.js'
import { toOutside } from './outside/to-outside.js'

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

function note({ log, course }: Call, { steps, questions }: Decision, { hotdesk }: CallNeeds): void {
  log.debug({ event: 'call.routed', steps }, 'why it goes where it goes')
  for (const question of questions) {
    if (question.kind === 'user') course.called.set(question.user.extension, hotdesk.devicesOf(question.user.extension))
    if (question.kind === 'forwarded')
      log.info({ event: 'call.routed', to: `forward ${question.number}` }, `forwarded to ${question.number}`)
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
