import type { Clock } from '../../base/clock.js'
import { errors } from '../../base/errors.js'
import type { IncomingInvite, SipDialog, SipHeaders } from '../../srf/srf.js'
import { withAnswer } from '../bridge/answered-dialog.js'
import { reinviteInTurn } from '../bridge/reinvite-in-turn.js'
import { sessionDescription } from '../bridge/session-description.js'

/** A caller whom the IVR has answered, and who waits to be connected. */
export interface WaitingCaller {
  readonly dialog: SipDialog
  onEnd(listener: () => void): void
  ring(): void
  say(prompt: string): Promise<void>
  refuse(headers: SipHeaders): Promise<void>
  hangUp(headers: SipHeaders): void
  release(): void
}

/**
 * The INVITE of a caller who has been answered, to be dialled like any other. The caller hears the ringing tone in place of 180 and the busy
 * tone in place of a refusal. The answer of leg B becomes the offer of a re-INVITE: leg B got the offer of the INVITE, which the caller still
 * keeps to, because a trunk or an emergency centre may not take an INVITE without an offer (compare RFC 3725 §4.4).
 */
export function answeredInvite(invite: IncomingInvite, caller: WaitingCaller, clock: Clock): IncomingInvite {
  const { dialog } = caller
  let isGone = dialog.ended
  let isDone = false
  let isRinging = false
  caller.onEnd(() => {
    if (!isDone) isGone = true
  })

  async function join(sdp: string, headers: SipHeaders): Promise<SipDialog> {
    const reply = await reinviteInTurn(dialog, { sdp, headers }, clock)
    const answer = reply.status < 300 ? sessionDescription(reply) : ''
    if (answer === '') throw errors.SIP_SEND_FAILED.unanswered({ reason: `the re-INVITE got ${reply.status} ${reply.reason}` })
    caller.release()
    return invite.body === '' ? withAnswer(dialog, answer) : dialog
  }

  return {
    ...invite,
    // The answered dialog already follows its far end and answers challenges.
    follow: () => undefined,
    answerChallenges: () => undefined,
    get responded() {
      return isDone
    },
    get cancelled() {
      return isGone
    },
    onCancel: (listener) => caller.onEnd(() => isGone && listener('')),
    respond(status) {
      if (isDone || isGone) return
      if (status >= 300) {
        isDone = true
        void caller.refuse({ Reason: `SIP;cause=${status}` })
      } else if (status > 100 && !isRinging) {
        isRinging = true
        caller.ring()
      }
    },
    async accept({ sdp, headers = {} }) {
      isDone = true
      try {
        return await join(sdp, headers)
      } catch (fault) {
        // A caller who hangs up meanwhile has cancelled: nothing has failed, least of all an emergency call.
        isGone ||= dialog.ended
        caller.hangUp({ Reason: 'SIP;cause=488;text="Not Acceptable Here"' })
        throw fault
      }
    },
  }
}
