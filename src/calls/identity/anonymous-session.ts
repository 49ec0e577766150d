import type { IncomingRequest, SipDialog } from '../../srf/srf.js'

/**
 * Removes the fields of a session description that may name its author (RFC 3323 §4.1): user name, subject, information, URI, e-mail and
 * telephone. Phones put their account or user name there.
 */
export function withoutNames(description: string): string {
  return description
    .replace(/^o=[^ \r\n]+/gm, 'o=-')
    .replace(/^s=.*/gm, 's=-')
    .replace(/^[iuep]=.*(\r?\n)?/gm, '')
}

/** The dialog of an anonymous caller: no session description that it emits contains names. */
export function anonymousDialog(dialog: SipDialog): SipDialog {
  return {
    ...dialog,
    get description() {
      return dialog.description
    },
    get ended() {
      return dialog.ended
    },
    onAck: (listener) => dialog.onAck((sdp) => listener(withoutNames(sdp))),
    onRequest: (listener) => dialog.onRequest((request) => listener(mayHaveSdp(request) ? withoutNamesIn(request) : request)),
    async request(method, parts) {
      const response = await dialog.request(method, parts)
      return { ...response, body: withoutNames(response.body) }
    },
    async reinvite(sdp, headers) {
      const response = await dialog.reinvite(sdp, headers)
      return { ...response, body: withoutNames(response.body) }
    },
  }
}

function mayHaveSdp({ method }: IncomingRequest): boolean {
  return method === 'INVITE' || method === 'UPDATE'
}

function withoutNamesIn(request: IncomingRequest): IncomingRequest {
  return {
    ...request,
    body: withoutNames(request.body),
    get responded() {
      return request.responded
    },
  }
}
