import type { IncomingInvite } from '../srf/srf.js'
import { answeredElsewhere } from './reason-header.js'

/** The INVITE of a call. While the call rings, another INVITE can take its place. */
export interface CallerSide extends IncomingInvite {
  /** Call-ID of the INVITE that stands for the call now. */
  readonly legA: string
  /** From now on `next` gets the responses, and its CANCEL counts. The previous caller gets 487. */
  replace(next: IncomingInvite): void
  /** The caller is answered and hears a voice until the call is connected: from now on `next` stands for the INVITE. */
  answerAs(next: IncomingInvite, voice: Voice): void
  /** Null: the caller has not been answered. */
  readonly voice: Voice | null
}

/** Speaks with a caller who has been answered. */
export interface Voice {
  say(prompt: string): Promise<void>
}

export function createCallerSide(first: IncomingInvite): CallerSide {
  const onCancel: ((reason: string) => void)[] = []
  let current = first
  let voice: Voice | null = null
  follow(first)

  function follow(invite: IncomingInvite): void {
    invite.onCancel((reason) => {
      if (invite === current) for (const listener of onCancel) listener(reason)
    })
  }

  return {
    method: first.method,
    uri: first.uri,
    callId: first.callId,
    get legA() {
      return current.callId
    },
    header: first.header,
    body: first.body,
    source: first.source,
    receivedOn: first.receivedOn,
    respond: (status, parts) => current.respond(status, parts),
    get responded() {
      return current.responded
    },
    get cancelled() {
      return current.cancelled
    },
    onCancel(listener) {
      if (current.cancelled) current.onCancel(listener)
      else onCancel.push(listener)
    },
    accept: (parts) => current.accept(parts),
    follow: (farEnd) => current.follow(farEnd),
    answerChallenges: (credentials) => current.answerChallenges(credentials),
    get voice() {
      return voice
    },
    answerAs(next, speaker) {
      current = next
      voice = speaker
      follow(next)
    },
    replace(next) {
      const previous = current
      current = next
      follow(next)
      previous.respond(487, { headers: { Reason: answeredElsewhere } })
    },
  }
}
