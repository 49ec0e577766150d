import { errors } from '../../base/errors.js'
import type { IncomingInvite, SipDialog } from '../../srf/srf.js'
import { withAnswer } from '../bridge/answered-dialog.js'
import { sessionDescription } from '../bridge/session-description.js'

/** Answers a call silently. */
export interface ParkPort {
  park(invite: IncomingInvite): Promise<{ readonly dialog: SipDialog; closeAudio(): void } | null>
}

/**
 * Makes an INVITE without an offer of one with an offer, because the call that it takes over has one already: the phone is answered
 * silently, and a re-INVITE brings it the other offer (compare RFC 3725 §4.1). Its answer becomes the body of the ACK.
 */
export function parkedInvite(invite: IncomingInvite, { park }: ParkPort): IncomingInvite {
  return {
    ...invite,
    body: '',
    header: (name) => (name.toLowerCase() === 'content-type' ? '' : invite.header(name)),
    get responded() {
      return invite.responded
    },
    get cancelled() {
      return invite.cancelled
    },
    async accept({ sdp, headers = {} }) {
      const parked = await park(invite)
      if (!parked) throw errors.SIP_SEND_FAILED.unanswered({ reason: 'the caller cannot be answered' })
      parked.dialog.continueSession()
      const reply = await parked.dialog.reinvite(sdp, headers)
      parked.closeAudio()
      const answer = reply.status < 300 ? sessionDescription(reply) : ''
      if (answer !== '') return withAnswer(parked.dialog, answer)
      await parked.dialog.bye()
      throw errors.SIP_SEND_FAILED.unanswered({ reason: `the re-INVITE got ${reply.status} ${reply.reason}` })
    },
  }
}
