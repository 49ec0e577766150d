import type { IncomingRequest, SipDialog } from '../../srf/srf.js'

/**
 * A session description without the words that may name its author (RFC 3323 §4.1): user name, subject, information, URI, e-mail
 * and telephone. Phones put the name of their account or user there.
 */
export function withoutNames(description: string): string {
  return description
    .replace(/^o=[^ \r\n]+/gm, 'o=-')
    .replace(/^s=.*/gm, 's=-')
    .replace(/^[iuep]=.*(\r?\n)?/gm, '')
}

/** The dialog of a caller who wants to stay unknown: every description that comes out of it is without names. */
export function withoutNamesIn(dialog: SipDialog): SipDialog {
  return {
    ...dialog,
    get ended() {
      return dialog.ended
    },
    get remoteSdp() {
      return withoutNames(dialog.remoteSdp)
    },
    onAck: (listener) => dialog.onAck((sdp) => listener(withoutNames(sdp))),
    onRequest: (listener) => dialog.onRequest((request) => listener(isDescribed(request) ? nameless(request) : request)),
    async request(method, parts) {
      const answer = await dialog.request(method, parts)
      return { ...answer, body: withoutNames(answer.body) }
    },
    async reinvite(sdp, headers) {
      const answer = await dialog.reinvite(sdp, headers)
      return { ...answer, body: withoutNames(answer.body) }
    },
  }
}

function isDescribed({ method }: IncomingRequest): boolean {
  return method === 'INVITE' || method === 'UPDATE'
}

function nameless(request: IncomingRequest): IncomingRequest {
  return {
    ...request,
    body: withoutNames(request.body),
    get answered() {
      return request.answered
    },
  }
}
