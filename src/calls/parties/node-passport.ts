import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../base/clock.js'
import { type NodeName, parseNodeName } from '../../base/identity.js'
import type { Secret } from '../../base/secret.js'

/** The header that proves that a call comes from a node of this network. */
export const passportHeader = 'X-Hotdesk-Passport'

/** What is signed: who calls whom, in which call, when. A passport of one call is worth nothing in another. */
export interface Passage {
  readonly from: NodeName
  readonly to: NodeName
  readonly callId: string
  /** Request-URI's user part. */
  readonly target: string
  /** How often the call has been handed on already. */
  readonly hops: number
}

export interface Passports {
  sign(passage: Passage): string
  /** Null for a passport that is forged, stale, used before, or made for another call, node or number. */
  verify(text: string, arrived: { readonly to: NodeName; readonly callId: string; readonly target: string }): Passage | null
  /** Calls that are kept in mind against a second use. */
  readonly remembered: number
}

const freshSeconds = 60

export function createPassports({ secret, clock }: { readonly secret: Secret; readonly clock: Clock }): Passports {
  // Call-IDs of the last minute: whoever listens on the wire cannot send an INVITE a second time.
  const used = new Map<string, number>()

  function mark(passage: Passage, seconds: number): string {
    const text = ['1', passage.from, passage.to, passage.callId, passage.target, passage.hops, seconds].join('\n')
    return createHmac('sha256', secret.reveal()).update(text).digest('base64url')
  }

  function forgetOld(now: number): void {
    for (const [callId, seconds] of used) {
      if (now - seconds <= 2 * freshSeconds) return
      used.delete(callId)
    }
  }

  return {
    get remembered() {
      return used.size
    },
    sign(passage) {
      const seconds = Math.floor(clock.now() / 1000)
      return `v=1;from=${passage.from};hops=${passage.hops};t=${seconds};mark=${mark(passage, seconds)}`
    },
    verify(text, { to, callId, target }) {
      const form = /^v=1;from=([a-z0-9-]{1,32});hops=(\d);t=(\d{10,12});mark=([\w-]{43})$/.exec(text)
      const from = parseNodeName(form?.[1] ?? '')
      if (!form || !from) return null
      const passage = { from, to, callId, target, hops: Number(form[2]) }
      const seconds = Number(form[3])
      const now = Math.floor(clock.now() / 1000)
      if (Math.abs(now - seconds) > freshSeconds || used.has(callId)) return null
      if (!timingSafeEqual(Buffer.from(mark(passage, seconds)), Buffer.from(form[4] ?? ''))) return null
      forgetOld(now)
      used.set(callId, now)
      return passage
    },
  }
}
