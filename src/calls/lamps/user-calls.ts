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

/** The calls of each user at the phones of this node, and those that are parked here, by the lamp of their orbit. Calls to feature codes are not among them. */
export interface UserCalls {
  of(lamp: string): readonly UserCall[]
  /** Users and orbits with a call. */
  lamps(): Iterable<string>
  onChange(listener: (lamp: string) => void): () => void
}

export interface WritableUserCalls extends UserCalls {
  /** The call has changed: it is looked at again. */
  look(call: Call): void
  /** A phone of the user here rings for this call. Returns the function that ends this. */
  ring(call: Call, user: Extension): () => void
  /** The call is parked. Returns the function that ends this. */
  park(call: Call, lamp: string): () => void
  end(call: Call): void
}

export function createUserCalls({ log }: { readonly log: Logger }): WritableUserCalls {
  const byCall = new Map<Call, ReadonlyMap<string, UserCall>>()
  const byUser = new Map<string, Map<Call, UserCall>>()
  const ringing = new Map<Call, Set<Extension>>()
  const parked = new Map<Call, string>()
  const changed = createEmitter<[string]>((err) => log.error({ event: 'node.fault', err }, 'a listener of the calls of users failed'))

  function set(call: Call, now: ReadonlyMap<string, UserCall>): void {
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
    const parts = partsIn(call, ringing.get(call) ?? [])
    const orbit = parked.get(call)
    set(call, orbit === undefined ? parts : new Map([...parts, [orbit, { id: call.id, state: 'up', caller: null }]]))
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
    park(call, lamp) {
      parked.set(call, lamp)
      look(call)
      return () => {
        parked.delete(call)
        if (byCall.has(call)) look(call)
      }
    },
    end(call) {
      ringing.delete(call)
      parked.delete(call)
      set(call, none)
    },
  }
}

const none: ReadonlyMap<string, UserCall> = new Map()

/** A user who calls themselves at another phone has one lamp for both: the phone that rings counts. */
function partsIn({ id, caller, party, progress }: Call, ringing: Iterable<Extension>): ReadonlyMap<string, UserCall> {
  const isUp = progress.answered !== null
  const parts = new Map<string, UserCall>()
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
