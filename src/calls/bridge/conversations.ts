import { parseNameAddr } from '../../sip/headers/name-addr.js'
import type { SipDialog } from '../../srf/srf.js'
import type { Call } from '../call.js'
import type { Branch } from '../dial/fork.js'
import type { Bridge, Side } from './bridge.js'

/** A call that is up. */
export interface Conversation {
  readonly call: Call
  /** The phone, trunk or node that answered. */
  readonly branch: Branch
  readonly dialogs: Readonly<Record<Side, SipDialog>>
  readonly bridge: Bridge
}

/** A dialog as another dialog's request names it. Implementations disagree about whose tag is which (RFC 3891 §3). */
export interface DialogName {
  readonly callId: string
  readonly tags: readonly [string, string]
}

/** One end of a conversation. */
export interface End {
  readonly conversation: Conversation
  readonly side: Side
}

/** The calls of this node that are up. */
export interface Conversations {
  /** Adds a conversation. Returns the function that removes it. */
  begin(conversation: Conversation): () => void
  /** The end whose dialog with us has this name; null if none has. */
  named(name: DialogName): End | null
  /** The call of a phone that rings, whose dialog has this name; null if there is none. */
  ringing(name: DialogName): Call | null
}

/** `open`: every call that has begun and not ended. */
export function createConversations(open: ReadonlySet<Call>): Conversations {
  const byCallId = new Map<string, End>()

  return {
    begin(conversation) {
      const ends = (['caller', 'callee'] as const).map((side) => ({ conversation, side }))
      for (const end of ends) byCallId.set(dialogOf(end).callId, end)
      return () => {
        for (const end of ends) if (byCallId.get(dialogOf(end).callId) === end) byCallId.delete(dialogOf(end).callId)
      }
    },
    named({ callId, tags }) {
      const end = byCallId.get(callId)
      if (!end) return null
      const { localTag, remoteTag } = dialogOf(end)
      return tags.includes(localTag) && tags.includes(remoteTag) ? end : null
    },
    ringing({ callId, tags }) {
      // Our own tag is the SIP server's choice. Call-ID and tag of the phone name the dialog well enough, since only that phone may.
      const isNamed = ({ invite }: Call): boolean =>
        invite.callId === callId && tags.includes(parseNameAddr(invite.header('From'))?.tag ?? '') && !invite.responded
      // A call that continues another one is about to be answered.
      const isRinging = (call: Call): boolean => !call.isTakenOver && call.transfer === null && !call.control.isEmergency
      return [...open].find((call) => isNamed(call) && isRinging(call)) ?? null
    },
  }
}

export function dialogOf({ conversation, side }: End): SipDialog {
  return conversation.dialogs[side]
}

export function otherEnd({ conversation, side }: End): End {
  return { conversation, side: side === 'caller' ? 'callee' : 'caller' }
}
