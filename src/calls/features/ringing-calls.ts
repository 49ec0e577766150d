import type { Extension } from '../../base/identity.js'
import type { Call } from '../call.js'
import type { Fork } from '../dial/fork.js'
import type { Termination } from '../failure.js'

/** A call that rings for a user, through this node. */
export interface RingingCall {
  readonly call: Call
  readonly take: Fork['take']
  /** Resolves when the call has ended; null: it was not answered here. */
  readonly ended: Promise<Termination | null>
}

/** The calls that ring through this node, for colleagues who pick them up. */
export interface RingingCalls {
  /** Adds a call. Returns the function that removes it. */
  begin(user: Extension, ringing: RingingCall): () => void
  /** The call that rings longest for the user; null: none does. */
  of(user: Extension): RingingCall | null
}

export function createRingingCalls(): RingingCalls {
  const calls = new Map<Extension, Set<RingingCall>>()
  return {
    begin(user, ringing) {
      const own = calls.get(user) ?? new Set()
      calls.set(user, own.add(ringing))
      return () => {
        own.delete(ringing)
        if (own.size === 0 && calls.get(user) === own) calls.delete(user)
      }
    },
    of(user) {
      const [first = null] = calls.get(user) ?? []
      return first
    },
  }
}
