import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock, Milliseconds } from '../../base/clock.js'
import { type NodeName, parseNodeName } from '../../base/identity.js'
import type { Secret } from '../../base/secret.js'
import { callPurposes } from '../../directory/directory.js'

/** Proves that a call comes from a node of this network. */
export const hopTokenHeader = 'X-Hotdesk-Passport'

/** What a token binds together: the nodes, the call and the number. A token of one call is worthless in another. */
export interface Hop {
  readonly from: NodeName
  readonly to: NodeName
  readonly callId: string
  /** User part of the Request-URI. */
  readonly target: string
  /** How often the call has been handed from node to node. */
  readonly hops: number
  readonly purpose: HopPurpose
}

/** `call`: for a user who is at the other node. The others: see `callPurposes`. */
export type HopPurpose = 'call' | (typeof callPurposes)[number]

/** What the token must match. `content`: see `signedContent`. */
interface ReceivedHop extends Pick<Hop, 'to' | 'callId' | 'target'> {
  readonly content: string
}

/**
 * Why a token is refused. `forged`: made with another secret, or for another call, content, node, number or network. `stale`: older than a
 * minute, from the future, or older than this process, which cannot know whether it was used. `used`: seen before. `outdated`: version 1
 * from a node that makes version 2.
 */
type HopTokenRefusal = 'forged' | 'stale' | 'used' | 'outdated'

export interface HopTokens {
  sign(hop: Hop, content: string): string
  verify(text: string, received: ReceivedHop): Hop | HopTokenRefusal
  /** Number of calls remembered to detect a second use. */
  readonly remembered: number
}

export interface HopTokenNeeds {
  readonly secret: Secret
  /** The hash tag of the network in Redis. */
  readonly network: string
  readonly clock: Clock
  /** How long this process has been able to take calls, by a clock that is never set. */
  readonly uptime: () => Milliseconds
  /** The token version that a node understands for calls. Version 1 binds neither content nor network. */
  readonly versionAt: (node: NodeName) => 1 | 2
}

/** Version 3 binds the purpose as well. It is made only for nodes that have announced the ability. */
type HopTokenVersion = 1 | 2 | 3

const freshMs: Milliseconds = 60_000
/** Clocks of nodes differ by at most a second, or follow the clock of Redis. */
const aheadMs: Milliseconds = 5_000

interface Stamp {
  readonly version: HopTokenVersion
  /** As transmitted: seconds in version 1, milliseconds in later versions. */
  readonly time: number
}

export function createHopTokens({ secret, network, clock, uptime, versionAt }: HopTokenNeeds): HopTokens {
  // Recent Call-IDs, so that a recorded INVITE cannot be replayed.
  const used = new Map<string, Milliseconds>()

  function macOf(hop: Hop, { version, time }: Stamp, content: string): string {
    const first = [String(version), hop.from, hop.to, hop.callId, hop.target, hop.hops, time]
    const bound = version === 1 ? [] : [network, createHash('sha256').update(content).digest('base64url')]
    const last = version === 3 ? [hop.purpose] : []
    return createHmac('sha256', secret.reveal())
      .update([...first, ...bound, ...last].join('\n'))
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

  function isFirstUse({ callId }: Hop): boolean {
    if (used.has(callId)) return false
    forgetOld(clock.now())
    used.set(callId, clock.now())
    return true
  }

  return {
    get remembered() {
      return used.size
    },
    sign(hop, content) {
      const version = hop.purpose === 'call' ? versionAt(hop.to) : 3
      const time = Math.floor(clock.now() / (version === 1 ? 1_000 : 1))
      const purpose = version === 3 ? `;for=${hop.purpose}` : ''
      return `v=${version};from=${hop.from};hops=${hop.hops};t=${time}${purpose};mark=${macOf(hop, { version, time }, content)}`
    },
    verify(text, { content, ...received }) {
      const fields = tokenForm.exec(text)?.groups
      const from = parseNodeName(fields?.from ?? '')
      const purpose = purposeIn(fields)
      if (!fields || !from || purpose === null) return 'forged'
      const hop = { from, ...received, hops: Number(fields.hops), purpose }
      const stamp: Stamp = { version: purpose === 'call' ? (fields.v === '1' ? 1 : 2) : 3, time: Number(fields.t) }
      if (!timingSafeEqual(Buffer.from(macOf(hop, stamp, content)), Buffer.from(fields.mark ?? ''))) return 'forged'
      if (stamp.version < versionAt(from)) return 'outdated'
      if (!isFresh(stamp)) return 'stale'
      return isFirstUse(hop) ? hop : 'used'
    },
  }
}

const tokenForm =
  /^v=(?<v>[123]);from=(?<from>[a-z0-9-]{1,32});hops=(?<hops>\d);t=(?<t>\d{10,14})(?:;for=(?<for>[a-z-]{1,16}))?;mark=(?<mark>[\w-]{43})$/

/** Null if version and purpose do not belong together. */
function purposeIn(fields: Readonly<Record<string, string | undefined>> | undefined): HopPurpose | null {
  if (fields?.v !== '3') return fields?.for === undefined ? 'call' : null
  return callPurposes.find((purpose) => purpose === fields.for) ?? null
}
