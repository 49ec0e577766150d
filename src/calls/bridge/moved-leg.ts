import type { Clock } from '../../base/clock.js'
import type { SipDialog, SipReply } from '../../srf/srf.js'
import { reinviteInTurn } from './reinvite-in-turn.js'

/** The far end of a call that is up, which has accepted the offer of another caller. Either `take` or `abandon` must follow. */
export interface MovedLeg {
  readonly outcome: 'moved'
  readonly reply: SipReply
  /** The other caller has the call now. */
  take(): SipDialog
  /** The other caller is gone: the far end gets its previous session again, and its call goes on. */
  abandon(): Promise<void>
}

export interface MovedLegNeeds {
  readonly dialog: SipDialog
  readonly offer: string
  readonly clock: Clock
  /** False: the other caller has given up. */
  readonly isWanted: () => boolean
  readonly onTaken: () => void
}

/** Offers the far end of a call that is up the session of another caller. */
export async function moveLeg({ dialog, offer, clock, isWanted, onTaken }: MovedLegNeeds): Promise<MovedLeg | FailedLeg> {
  const before = dialog.description
  const reply = await reinviteInTurn(dialog, { sdp: offer, headers: {}, isWanted }, clock)
  if (reply.status >= 300) return { outcome: 'failed', reply }
  let restored: Promise<void> | null = null

  async function restore(): Promise<void> {
    if (before !== '' && !dialog.ended) await reinviteInTurn(dialog, { sdp: before, headers: {} }, clock)
  }

  return {
    outcome: 'moved',
    reply,
    take() {
      onTaken()
      return dialog
    },
    abandon() {
      restored ??= restore()
      return restored
    },
  }
}

interface FailedLeg {
  readonly outcome: 'failed'
  readonly reply: SipReply
}
