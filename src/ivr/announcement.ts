import type { Clip } from '../media/media.js'
import type { IncomingInvite, ResponseParts } from '../srf/srf.js'
import { withSdp } from './in-call-requests.js'
import { type IvrCallNeeds, openAudio } from './ivr-call.js'

export interface AnnouncementNeeds extends IvrCallNeeds {
  /** Aborted when the node stops; cuts the announcement short. */
  readonly closing: AbortSignal
}

/**
 * Plays a clip as early media (RFC 3960 §3), then refuses the call. The call is refused at once if audio is not possible, or if the INVITE has
 * no offer: few phones can answer ours before the 200 (RFC 3262).
 */
export async function announceRefusal(clip: Clip, needs: AnnouncementNeeds): Promise<void> {
  const { invite } = needs
  const session = invite.body === '' ? null : await openAudio(needs)
  if (session && 'localSdp' in session && !invite.cancelled) {
    invite.onCancel(() => session.close())
    needs.closing.addEventListener('abort', session.close)
    invite.respond(183, earlyMedia(invite, session.localSdp))
    await session.play([clip]).finished
    session.close()
    needs.closing.removeEventListener('abort', session.close)
  } else if (session && 'status' in session)
    needs.log.info({ event: 'call.refused', reason: session.reason }, `not announced: ${session.reason}`)
  // Not 403: Linphone would then ask for the password of the account.
  invite.respond(480, { reason: 'Log In First' })
}

/** RFC 3262 §3: if the caller requires 100rel, its provisional responses are reliable. */
function earlyMedia(invite: IncomingInvite, sdp: string): ResponseParts {
  const { headers, body } = withSdp(sdp)
  const isRequired = /\b100rel\b/i.test(invite.header('Require'))
  return { headers: { ...headers, ...(isRequired && { Require: '100rel' }) }, ...(body === undefined ? {} : { body }) }
}
