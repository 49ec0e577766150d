import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock, Milliseconds } from '../../base/clock.js'
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

/** What the passport must fit. `content`: what the receiver believes of the INVITE, see `contentOf`. */
export interface Arrived extends Pick<Passage, 'to' | 'callId' | 'target'> {
  readonly content: string
}

/**
 * Why a passport is worth nothing. `forged`: made with another secret, or for another call, content, node, number or network.
 * `stale`: a minute old, of the future, or older than this process, which cannot know whether it was used. `used`: seen before.
 * `outdated`: of the first version, from a node that makes better ones.
 */
export type PassportRefusal = 'forged' | 'stale' | 'used' | 'outdated'

export interface Passports {
  sign(passage: Passage, content: string): string
  verify(text: string, arrived: Arrived): Passage | PassportRefusal
  /** Calls that are kept in mind against a second use. */
  readonly remembered: number
}

export interface PassportNeeds {
  readonly secret: Secret
  /** The hash tag of the network in Redis. */
  readonly network: string
  readonly clock: Clock
  /** How long this process has been able to take calls, by a clock that is never set. */
  readonly uptime: () => Milliseconds
  /** The version of passports that a node understands: 1 binds neither content nor network. */
  readonly versionAt: (node: NodeName) => PassportVersion
}

export type PassportVersion = 1 | 2

const freshMs: Milliseconds = 60_000
/** The clocks of nodes differ by a second at the most, or go by the one of Redis. */
const aheadMs: Milliseconds = 5_000

interface Stamp {
  readonly version: PassportVersion
  /** As it stands: seconds in version 1, milliseconds in version 2. */
  readonly time: number
}

export function createPassports({ secret, network, clock, uptime, versionAt }: PassportNeeds): Passports {
  // Call-IDs of the last minute: whoever listens on the wire cannot send an INVITE a second time.
  const used = new Map<string, Milliseconds>()

  function mark(passage: Passage, { version, time }: Stamp, content: string): string {
    const first = [String(version), passage.from, passage.to, passage.callId, passage.target, passage.hops, time]
    const bound = version === 1 ? [] : [network, createHash('sha256').update(content).digest('base64url')]
    return createHmac('sha256', secret.reveal())
      .update([...first, ...bound].join('\n'))
      .digest('base64url')
  }

  function forgetOld(now: Milliseconds): void {
    for (const [callId, at] of used) {
      if (now - at <= 2 * freshMs) return
      used.delete(callId)
    }
  }

  function isFresh({ version, time }: Stamp): boolean {
    const age = clock.now() - (version === 1 ? time * 1_000 : time)
    return age <= freshMs && age >= -aheadMs && age <= uptime()
  }

  function take({ callId }: Passage): boolean {
    if (used.has(callId)) return false
    forgetOld(clock.now())
    used.set(callId, clock.now())
    return true
  }

  return {
    get remembered() {
      return used.size
    },
    sign(passage, content) {
      const version = versionAt(passage.to)
      const time = Math.floor(clock.now() / (version === 1 ? 1_000 : 1))
      return `v=${version};from=${passage.from};hops=${passage.hops};t=${time};mark=${mark(passage, { version, time }, content)}`
    },
    verify(text, { content, ...arrived }) {
      const form = /^v=([12]);from=([a-z0-9-]{1,32});hops=(\d);t=(\d{10,14});mark=([\w-]{43})$/.exec(text)
      const from = parseNodeName(form?.[2] ?? '')
      if (!form || !from) return 'forged'
      const passage = { from, ...arrived, hops: Number(form[3]) }
      const stamp: Stamp = { version: form[1] === '1' ? 1 : 2, time: Number(form[4]) }
      if (!timingSafeEqual(Buffer.from(mark(passage, stamp, content)), Buffer.from(form[5] ?? ''))) return 'forged'
      if (stamp.version < versionAt(from)) return 'outdated'
      if (!isFresh(stamp)) return 'stale'
      return take(passage) ? passage : 'used'
    },
  }
}
