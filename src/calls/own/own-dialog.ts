import type { AudioSession } from '../../media/media.js'
import type { DialogEnd, ReinviteReply, SipDialog, SipReply } from '../../srf/srf.js'

/** The dialog with the node itself as the caller. `leave`: the caller hangs up. */
export interface OwnDialog extends SipDialog {
  leave(): void
}

export interface OwnDialogNeeds {
  readonly session: AudioSession
  readonly callId: string
  /** The session description of the side that has answered. */
  readonly sdp: string
  readonly onEnd: () => void
}

/** What a phone would do, for the audio of this process. */
export function createOwnDialog({ session, callId, sdp, onEnd }: OwnDialogNeeds): OwnDialog {
  const listeners: ((end: DialogEnd) => void | Promise<void>)[] = []
  let end: DialogEnd | null = null
  let description = sdp

  function finish(how: DialogEnd): boolean {
    if (end) return false
    end = how
    onEnd()
    return true
  }

  function reoffered(offer: string): SipReply {
    const answer = session.reanswer(offer)
    if (answer === null) return reply(488, 'Not Acceptable Here')
    description = offer
    return reply(200, 'OK', answer)
  }

  return {
    callId,
    localTag: crypto.randomUUID(),
    remoteTag: crypto.randomUUID(),
    began: null,
    createdBy: 'far end',
    get description() {
      return description
    },
    get ended() {
      return end !== null
    },
    continueSession: () => undefined,
    onEnd(listener) {
      if (end) void listener(end)
      else listeners.push(listener)
    },
    // This caller sends no requests, and its INVITE had an offer, so no answer comes with an ACK.
    onRequest: () => undefined,
    onAck: () => undefined,
    request(method, { body = '' } = {}) {
      if (end) return Promise.resolve(reply(481, 'Call/Transaction Does Not Exist'))
      if (method === 'UPDATE' && body !== '') return Promise.resolve(reoffered(body))
      return Promise.resolve(taken.has(method) ? reply(200, 'OK') : reply(501, 'Not Implemented'))
    },
    reinvite(offer): Promise<ReinviteReply> {
      if (end) return Promise.resolve(reply(481, 'Call/Transaction Does Not Exist'))
      if (offer !== null) return Promise.resolve(reoffered(offer))
      return Promise.resolve({ ...reply(200, 'OK', session.reoffer()), ack: (answer) => void session.accept(answer) })
    },
    bye() {
      finish({ by: 'far end', reason: '' })
      return Promise.resolve()
    },
    leave() {
      if (!finish({ by: 'far end', reason: '' })) return
      for (const listener of listeners) void listener({ by: 'far end', reason: '' })
    },
  }
}

const taken: ReadonlySet<string> = new Set(['UPDATE', 'INFO', 'MESSAGE', 'OPTIONS'])

function reply(status: number, reason: string, body = ''): SipReply {
  return { status, reason, header: () => '', body }
}
