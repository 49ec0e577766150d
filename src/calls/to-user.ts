import type { Extension } from '../base/identity.js'
import type { Forwards, User } from '../directory/directory.js'
import { type Call, refuse } from './call.js'
import type { Failure, RefusalReason, Termination } from './failure.js'
import { place } from './legs/place.js'
import type { CallNeeds } from './needs.js'
import { toOutside } from './to-outside.js'
import { whereabouts } from './whereabouts.js'

/** Where the call has been on its way: a number twice is a loop. */
export type Trail = readonly string[]

/** A user may move while the phone rings; after that often the caller is told that nobody answers. */
const mostMoves = 3
const mostForwards = 5

/** RFC 3261 §17.1.1.2: Timer B. A phone on a bad line gets all its retransmissions. */
const silenceMs = 32_000

/** Calls a user wherever they are; what the phone does not take goes where the user's forwards say. */
export async function toUser(call: Call, extension: Extension, trail: Trail, needs: CallNeeds): Promise<Termination> {
  for (let moves = 0; moves < mostMoves; moves++) {
    const hops = call.caller.kind === 'node' ? call.caller.hops : 0
    const found = whereabouts({ extension, hops, headers: call.headers }, needs)
    if (found.kind === 'unknown') return refuse(call, { reason: 'unknown-number' })
    call.course.called.add(extension)
    if (found.kind !== 'reachable') return treat(call, found.user, { reason: found.kind }, trail, needs)
    const { user, branches } = found
    if (user.forwards.always !== null && isOurs(call)) return forwardTo(call, user.forwards.always, [...trail, extension], needs)
    const placed = await place(call, { branches, ringMs: user.ringSeconds * 1000, silenceMs, to: `user ${extension}` }, needs)
    if (placed.outcome === 'ended') return placed.termination
    if (placed.outcome === 'missed') return treat(call, user, placed.failure, trail, needs)
  }
  return refuse(call, { reason: 'no-answer' })
}

/** A call handed over by another node is treated there: the caller's node knows the whole trail. */
function isOurs(call: Call): boolean {
  return call.caller.kind !== 'node'
}

function treat(call: Call, user: User, failure: Failure, trail: Trail, needs: CallNeeds): Promise<Termination> | Termination {
  const number = isOurs(call) && !call.invite.cancelled ? forwardAfter(failure.reason, user) : null
  return number === null ? refuse(call, failure) : forwardTo(call, number, [...trail, user.extension], needs)
}

/** Which of the user's forwards a failure calls for. */
const forwardByReason: Readonly<Partial<Record<RefusalReason, keyof Forwards>>> = {
  busy: 'busy',
  declined: 'busy',
  'no-answer': 'noAnswer',
  'not-logged-in': 'notLoggedIn',
  'not-reachable': 'notReachable',
}

function forwardAfter(reason: RefusalReason, { forwards }: User): string | null {
  const name = forwardByReason[reason]
  return name ? forwards[name] : null
}

/** Dial codes are not reached by a forward (404), and a forward never comes back to where it has been (482). */
function forwardTo(call: Call, number: string, trail: Trail, needs: CallNeeds): Promise<Termination> | Termination {
  if (trail.includes(number) || trail.length > mostForwards) return refuse(call, { reason: 'loop' })
  const route = needs.dialplan.route(number)
  call.log.info({ event: 'call.routed', to: `forward ${number}` }, `forwarded to ${number}`)
  if (route.kind === 'user') return toUser(call, route.extension, trail, needs)
  if (route.kind === 'outside') return toOutside(call, route, needs)
  return refuse(call, { reason: 'unknown-number' })
}
