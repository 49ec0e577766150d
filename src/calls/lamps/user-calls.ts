import { createEmitter } from '../../base/emitter.js'
import { type Extension, parseDeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Call } from '../call.js'

/** A call at a phone of this node, for the lamps of its user. */
export interface UserCall {
  /** The same from the first ringing to the end. */
  readonly id: string
  readonly state: 'ringing' | 'calling' | 'up'
  /** Who calls, while the phone rings; null: unknown, private, or no longer to be shown. */
  readonly caller: { readonly name: string; readonly number: string } | null
}

/** The calls of each user at the phones of this node. Calls to feature codes are not among them. */
export interface UserCalls {
  of(user: Extension): readonly UserCall[]
  /** Users with a call. */
  lamps(): Iterable<Extension>
  onChange(listener: (user: Extension) => void): () => void
}

export interface WritableUserCalls extends UserCalls {
  /** The call has changed: it is looked at again. */
  look(call: Call): void
  /** A phone of the user here rings for this call. Returns the function that ends this. */
  ring(call: Call, user: Extension): () => void
  end(call: Call): void
}

export function createUserCalls({ log }: { readonly log: Logger }): WritableUserCalls {
  const byCall = new Map<Call, ReadonlyMap<Extension, UserCall>>()
  const byUser = new Map<Extension, Map<Call, UserCall>>()
  const ringing = new Map<Call, Set<Extension>>()
  const changed = createEmitter<[Extension]>((err) => log.error({ event: 'node.fault', err }, 'a listener of the calls of users failed'))

  function set(call: Call, now: ReadonlyMap<Extension, UserCall>): void {
    const before = byCall.get(call) ?? none
    if (now.size > 0) byCall.set(call, now)
    else byCall.delete(call)
    for (const user of new Set([...before.keys(), ...now.keys()])) {
      const next = now.get(user)
      if (isSame(before.get(user), next)) continue
      const own = byUser.get(user) ?? new Map<Call, UserCall>()
      if (next) own.set(call, next)
      else own.delete(call)
      if (own.size > 0) byUser.set(user, own)
      else byUser.delete(user)
      changed.emit(user)
    }
  }

  function look(call: Call): void {
    set(call, partsIn(call, ringing.get(call) ?? []))
  }

  return {
    of: (user) => [...(byUser.get(user)?.values() ?? [])],
    lamps: () => byUser.keys(),
    onChange: changed.on,
    look,
    ring(call, user) {
      const users = ringing.get(call) ?? new Set()
      ringing.set(call, users.add(user))
      look(call)
      return () => {
        users.delete(user)
        if (users.size === 0) ringing.delete(call)
        if (byCall.has(call)) look(call)
      }
    },
    end(call) {
      ringing.delete(call)
      set(call, none)
    },
  }
}

const none: ReadonlyMap<Extension, UserCall> = new Map()

/** A user who calls themselves at another phone has one lamp for both: the phone that rings counts. */
function partsIn({ id, caller, party, progress }: Call, ringing: Iterable<Extension>): ReadonlyMap<Extension, UserCall> {
  const isUp = progress.answered !== null
  const parts = new Map<Extension, UserCall>()
  if (caller.kind === 'device' && caller.user) parts.set(caller.user.extension, { id, state: isUp ? 'up' : 'calling', caller: null })
  const callee = progress.callee?.user
  if (isUp && callee && parseDeviceId(progress.answeredBy ?? '') !== null) parts.set(callee.extension, { id, state: 'up', caller: null })
  if (isUp) return parts
  const shown = party.isPrivate ? null : { name: party.name, number: party.number }
  for (const user of ringing) parts.set(user, { id, state: 'ringing', caller: shown })
  return parts
}

function isSame(one: UserCall | undefined, other: UserCall | undefined): boolean {
  return one?.id === other?.id && one?.state === other?.state && one?.caller?.number === other?.caller?.number
}
