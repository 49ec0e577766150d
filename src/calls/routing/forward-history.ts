import type { Forwards, User } from '../../directory/directory.js'
import type { DiversionReason } from '../../sip/diversion/diversion-reason.js'
import type { RefusalReason } from '../failure.js'
import type { CallHistory, Redirection } from './contract.js'

/** The forward for each way in which the phones may not take the call, and its name outside (RFC 5806 §4). */
const forwardByReason: Readonly<Partial<Record<RefusalReason, readonly [keyof Forwards, DiversionReason]>>> = {
  busy: ['busy', 'user-busy'],
  declined: ['busy', 'user-busy'],
  'no-answer': ['noAnswer', 'no-answer'],
  'not-logged-in': ['notLoggedIn', 'unavailable'],
  'not-reachable': ['notReachable', 'unavailable'],
}

/** The forward that the user has set for this case. */
export function missedForward({ forwards }: User, reason: RefusalReason): string | null {
  const [name] = forwardByReason[reason] ?? []
  return name ? forwards[name] : null
}

/** Why a call that the phones did not take goes elsewhere; null: it does not. */
export function missedAs({ doNotDisturb }: User, reason: RefusalReason): DiversionReason | null {
  const [, as] = forwardByReason[reason] ?? []
  return as === 'user-busy' && doNotDisturb ? 'do-not-disturb' : (as ?? null)
}

/** The caller's node applies forwards, because it knows the whole history of the call. */
export function isFirstNode({ hops }: CallHistory): boolean {
  return hops === 0
}

/** The history with one forward more: by this user. */
export function after({ hops, trail, diversions }: CallHistory, { extension, name }: User, by: Redirection): CallHistory {
  return { hops, trail: [...trail, extension], diversions: [...diversions, { number: extension, name, times: 1, ...by }] }
}
