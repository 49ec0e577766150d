import type { Clock } from '../../base/clock.js'
import { errors } from '../../base/errors.js'
import type { IncomingInvite, ResponseParts, SipDialog, SipHeaders, SipReply } from '../../srf/srf.js'
import { withAnswer } from '../bridge/answered-dialog.js'
import { reinviteInTurn } from '../bridge/reinvite-in-turn.js'
import { sessionDescription } from '../bridge/session-description.js'

/** The far end of a call that is up, in the place of a caller. */
export interface JoinedInvite {
  readonly invite: IncomingInvite
  /** The far end is gone, like a caller that sends CANCEL. */
  cancel(): void
}

export interface JoinedInviteNeeds {
  readonly dialog: SipDialog
  /** What it calls. */
  readonly uri: string
  /** Headers of the re-INVITE, known when the call is answered. */
  readonly headers: () => SipHeaders
  readonly clock: Clock
  /** The responses that a caller would get. */
  readonly onResponse: (status: number, reason: string) => void
  /** The call is answered, and the far end has agreed to the new session. */
  readonly onJoined: () => void
}

/**
 * Makes a caller of the far end of a dialog. Its INVITE has no offer; when the callee has answered with one, a re-INVITE brings it to the far
 * end, whose answer becomes the body of the ACK (RFC 3725 §4.1, with the first party already there).
 */
export function joinInvite({ dialog, uri, headers, clock, onResponse, onJoined }: JoinedInviteNeeds): JoinedInvite {
  const onCancel: ((reason: string) => void)[] = []
  let cancelled = false
  let responded = false

  function respond(status: number, { reason = '' }: ResponseParts = {}): void {
    if (cancelled || responded) return
    responded = status >= 200
    onResponse(status, reason)
  }

  async function accept({ sdp, headers: own }: { readonly sdp: string; readonly headers?: SipHeaders }): Promise<SipDialog> {
    const reply = sdp === '' ? noOffer : await reinviteInTurn(dialog, { sdp, headers: { ...own, ...headers() } }, clock)
    const answer = isSuccess(reply) ? sessionDescription(reply) : ''
    if (cancelled || answer === '') {
      respond(isSuccess(reply) ? 488 : reply.status, { reason: reply.reason })
      throw errors.SIP_SEND_FAILED.unanswered({ reason: `the re-INVITE got ${reply.status} ${reply.reason}` })
    }
    responded = true
    onJoined()
    return withAnswer(dialog, answer)
  }

  return {
    invite: {
      method: 'INVITE',
      uri,
      callId: dialog.callId,
      header: () => '',
      body: '',
      source: { protocol: 'udp', address: '', port: 0 },
      receivedOn: '',
      respond,
      get responded() {
        return responded
      },
      get cancelled() {
        return cancelled
      },
      onCancel(listener) {
        if (cancelled) listener('')
        else onCancel.push(listener)
      },
      accept,
      follow: () => undefined,
      answerChallenges: () => undefined,
    },
    cancel() {
      if (cancelled || responded) return
      cancelled = true
      for (const listener of onCancel) listener('')
    },
  }
}

const noOffer: SipReply = { status: 488, reason: 'Not Acceptable Here', header: () => '', body: '', madeHere: 'server' }

function isSuccess({ status }: SipReply): boolean {
  return status >= 200 && status < 300
}
