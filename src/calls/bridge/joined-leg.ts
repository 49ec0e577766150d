import type { Clock } from '../../base/clock.js'
import type { InviteResult, SipDialog, SipHeaders } from '../../srf/srf.js'
import { reinviteInTurn } from './reinvite-in-turn.js'

export interface JoinedLegNeeds {
  readonly dialog: SipDialog
  readonly headers: SipHeaders
  readonly clock: Clock
  /** The far end has got the answer to its offer. */
  readonly onJoined: () => void
}

/**
 * The far end of a call that is up, as an answered leg B: a re-INVITE without an offer asks for its own. If nothing comes of it, the far end
 * gets its previous session again, and its call goes on.
 */
export async function joinLeg({ dialog, headers, clock, onJoined }: JoinedLegNeeds): Promise<InviteResult> {
  const reply = await reinviteInTurn(dialog, { sdp: null, headers }, clock)
  const before = dialog.description
  let answer = reply.ack
  if (!answer) return { outcome: 'failed', reply }

  function give(sdp: string): void {
    answer?.(sdp)
    answer = undefined
  }

  return {
    outcome: 'offered',
    reply,
    ack(sdp) {
      give(sdp)
      onJoined()
      return Promise.resolve(dialog)
    },
    abandon() {
      give(before)
      return Promise.resolve()
    },
  }
}
