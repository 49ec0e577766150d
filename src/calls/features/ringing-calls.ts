import type { Extension } from '../../base/identity.js'
import { parseNameAddr } from '../../sip/headers/name-addr.js'
import type { SipReply } from '../../srf/srf.js'
import type { DialogName } from '../bridge/conversations.js'
import type { Call } from '../call.js'
import type { Fork } from '../dial/fork.js'
import type { Termination } from '../failure.js'

/** A call that rings for a user, through this node. */
export interface RingingCall {
  readonly call: Call
  readonly take: Fork['take']
  /** The early dialogs of its branches with this node. More are added while it rings. */
  readonly dialogs: readonly DialogName[]
  /** Resolves when the call has ended; null: it was not answered here. */
  readonly ended: Promise<Termination | null>
}

/** The calls that ring through this node, for colleagues who pick them up. */
export interface RingingCalls {
  /** Adds a call. Returns the function that removes it. */
  begin(user: Extension, ringing: RingingCall): () => void
  /** The calls that ring for the user; first the one that rings longest. */
  of(user: Extension): readonly RingingCall[]
  /** Every call that rings; first the one that rings longest. */
  all(): readonly NamedRinging[]
  /** The call with an early dialog of this name, and the user for whom it rings; null if there is none. */
  named(name: DialogName): NamedRinging | null
}

export interface NamedRinging {
  readonly user: Extension
  readonly ringing: RingingCall
}

export function createRingingCalls(): RingingCalls {
  const calls = new Map<Extension, Set<RingingCall>>()
  const all = new Set<NamedRinging>()
  return {
    begin(user, ringing) {
      const own = calls.get(user) ?? new Set()
      calls.set(user, own.add(ringing))
      const entry = { user, ringing }
      all.add(entry)
      return () => {
        all.delete(entry)
        own.delete(ringing)
        if (own.size === 0 && calls.get(user) === own) calls.delete(user)
      }
    },
    of: (user) => [...(calls.get(user) ?? [])],
    all: () => [...all],
    named(name) {
      for (const [user, own] of calls) {
        const ringing = [...own].find((each) => each.dialogs.some((dialog) => isSameDialog(dialog, name)) || isOfCaller(each, name))
        if (ringing) return { user, ringing }
      }
      return null
    },
  }
}

/** Adds the dialog of a branch that has sent a provisional response with a To tag (RFC 3261 §12.1.2). */
export function noteEarlyDialog(dialogs: DialogName[], { status, header }: SipReply): void {
  const [callId, local, remote] = [header('Call-ID'), tagOf(header('From')), tagOf(header('To'))]
  if (status <= 100 || callId === '' || local === '' || remote === '') return
  const dialog: DialogName = { callId, tags: [local, remote] }
  if (!dialogs.some((known) => isSameDialog(known, dialog))) dialogs.push(dialog)
}

/** Phones name a dialog as either side sees it (RFC 3891 §3). */
function isSameDialog({ callId, tags }: DialogName, name: DialogName): boolean {
  return callId === name.callId && tags.every((tag) => name.tags.includes(tag))
}

/**
 * The dialog of the caller, which some phones name instead. Our own tag in it is the SIP server's choice; Call-ID and tag of the caller name
 * it well enough.
 */
function isOfCaller({ call: { invite, isTakenOver } }: RingingCall, { callId, tags }: DialogName): boolean {
  const tag = tagOf(invite.header('From'))
  return !isTakenOver && invite.callId === callId && tag !== '' && tags.includes(tag)
}

function tagOf(address: string): string {
  return parseNameAddr(address)?.tag ?? ''
}
