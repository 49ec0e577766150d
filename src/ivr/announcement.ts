import type { AudioSession, Clip } from '../media/media.js'
import type { IncomingInvite, ResponseParts } from '../srf/srf.js'
import { withSdp } from './in-call-requests.js'
import { type IvrCallNeeds, openAudio } from './ivr-call.js'

export interface AnnouncementNeeds extends IvrCallNeeds {
  /** Aborted when the call has to end; cuts the announcement short. */
  readonly closing: AbortSignal
}

/** The final response that follows an announcement. */
export interface RefusalAfter {
  readonly status: number
  readonly parts: ResponseParts
}

/**
 * Plays a clip as early media (RFC 3960 §3), then refuses the call. The call is refused at once if audio is not possible, or if the INVITE has
 * no offer: few phones can answer ours before the 200 (RFC 3262).
 */
export async function announceRefusal(clip: Clip, { status, parts }: RefusalAfter, needs: AnnouncementNeeds): Promise<void> {
  const { invite, log } = needs
  const session = invite.body === '' ? null : await openAudio(needs)
  if (session && 'status' in session) log.info({ event: 'call.refused', reason: session.reason }, `not announced: ${session.reason}`)
  else if (session) await play(clip, session, needs)
  invite.respond(status, parts)
}

async function play(clip: Clip, session: AudioSession, { invite, closing }: AnnouncementNeeds): Promise<void> {
  if (!invite.cancelled && !closing.aborted) {
    invite.onCancel(() => session.close())
    closing.addEventListener('abort', session.close)
    invite.respond(183, earlyMedia(invite, session.localSdp))
    await session.play([clip]).finished
    closing.removeEventListener('abort', session.close)
  }
  session.close()
}

/** RFC 3262 §3: if the caller requires 100rel, its provisional responses are reliable. */
function earlyMedia(invite: IncomingInvite, sdp: string): ResponseParts {
  const { headers, body } = withSdp(sdp)
  const isRequired = /\b100rel\b/i.test(invite.header('Require'))
  return { headers: { ...headers, ...(isRequired && { Require: '100rel' }) }, ...(body === undefined ? {} : { body }) }
}
