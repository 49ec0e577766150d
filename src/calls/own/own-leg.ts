import { errors } from '../../base/errors.js'
import type { NodeName } from '../../base/identity.js'
import type { AudioSession } from '../../media/media.js'
import type { IncomingInvite } from '../../srf/srf.js'
import { createOwnDialog, type OwnDialog } from './own-dialog.js'

/** What the node learns as the caller. */
export interface OwnLegEvents {
  /** A provisional response above 100. `sound`: early media. */
  onProgress(response: { readonly status: number; readonly sound: boolean }): void
  onAnswer(): void
  onRefusal(response: { readonly status: number; readonly reason: string }): void
  /** After an answer. */
  onEnd(): void
}

/** Leg A of a call that the node makes itself: the INVITE is not sent, but begins a call like one that has arrived. */
export interface OwnLeg {
  readonly invite: IncomingInvite
  /** Gives up before the answer, hangs up after it. */
  end(): void
}

export interface OwnLegNeeds {
  readonly session: AudioSession
  readonly uri: string
  readonly node: NodeName
  readonly events: OwnLegEvents
}

/** The caller's phone is the audio of this process. */
export function createOwnLeg({ session, uri, node, events }: OwnLegNeeds): OwnLeg {
  const callId = `${crypto.randomUUID()}@${node}`
  const onCancel: ((reason: string) => void)[] = []
  let state: 'waiting' | 'cancelled' | 'responded' = 'waiting'
  let dialog: OwnDialog | null = null

  const invite: IncomingInvite = {
    method: 'INVITE',
    uri,
    callId,
    header: () => '',
    body: session.localSdp,
    source: { protocol: 'udp', address: '', port: 0 },
    receivedOn: '',
    get responded() {
      return state === 'responded'
    },
    get cancelled() {
      return state === 'cancelled'
    },
    respond(status, parts = {}) {
      if (state !== 'waiting' || status <= 100) return
      if (status < 200) return events.onProgress({ status, sound: hears(parts.body ?? '') })
      state = 'responded'
      events.onRefusal({ status, reason: parts.reason ?? '' })
    },
    onCancel(listener) {
      if (state === 'cancelled') listener('')
      else onCancel.push(listener)
    },
    accept({ sdp }) {
      if (state !== 'waiting') return Promise.reject(errors.SIP_SEND_FAILED.unanswered({ reason: 'the caller has given up' }))
      state = 'responded'
      hears(sdp)
      dialog = createOwnDialog({ session, callId, sdp, onEnd: events.onEnd })
      events.onAnswer()
      return Promise.resolve(dialog)
    },
    follow: () => undefined,
    answerChallenges: () => undefined,
  }

  function hears(sdp: string): boolean {
    return sdp !== '' && session.accept(sdp) === 'accepted'
  }

  return {
    invite,
    end() {
      if (dialog) return dialog.leave()
      if (state !== 'waiting') return
      state = 'cancelled'
      for (const listener of onCancel.splice(0)) listener('')
    },
  }
}
