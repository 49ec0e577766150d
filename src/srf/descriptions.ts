import { type ContinuedSession, continueSession, withLinesOf } from '../media/sdp/continued-session.js'
import type { ResponseParts } from './contract.js'

/** A request of the far end. */
interface Asked {
  readonly method: string
  readonly body?: string | undefined
}

/** Offers and answers in a dialog, unchanged until its far end talks to another party. */
export interface Descriptions {
  /** Ours that the far end got last; `''` before the first. */
  readonly latest: string
  /** From now on they come from another party. */
  continueSession(): void
  /** Our offer, as it is to be sent. */
  offer(sdp: string): string
  /** The far end has got our offer. */
  accepted(sdp: string): void
  /** Our answer to an offer of the far end, as it is to be sent. An answer that the far end rejects with its dialog does not matter. */
  answer(sdp: string, offer: string): string
  /** The same for our 2xx to a request of the far end. */
  respond(request: Asked, parts: ResponseParts | undefined): ResponseParts | undefined
  /** The far end's answer to our offer. It has the lines of the offer as we were given it. */
  answered(sdp: string, offer: string): string
  /** The same in the ACK of our 2xx. */
  acknowledged(sdp: string): string
}

export function createDescriptions(first: string): Descriptions {
  let latest = first
  let session: ContinuedSession | null = null
  /** Our latest offer in a 2xx, whose answer comes in the ACK. */
  let offered = ''

  function offer(sdp: string): string {
    return session?.offer(sdp) ?? sdp
  }

  function answer(sdp: string, to: string): string {
    if (sdp !== '') latest = session?.answer(sdp, to) ?? sdp
    return sdp === '' ? '' : latest
  }

  function answered(sdp: string, to: string): string {
    return session && to !== '' ? withLinesOf(sdp, to) : sdp
  }

  return {
    get latest() {
      return latest
    },
    continueSession() {
      session ??= continueSession(latest)
    },
    offer,
    accepted(sdp) {
      latest = sdp
    },
    answer,
    respond({ method, body: theirs = '' }, parts) {
      const given = parts?.body
      if (!given || !carriesDescriptions(method)) return parts
      if (theirs !== '') return { ...parts, body: answer(given, theirs) }
      offered = given
      latest = offer(given)
      return { ...parts, body: latest }
    },
    answered,
    acknowledged: (sdp) => answered(sdp, offered),
  }
}

/** Of an INVITE or UPDATE, any body counts as one. */
export function carriesDescriptions(method: string): boolean {
  return method === 'INVITE' || method === 'UPDATE'
}
