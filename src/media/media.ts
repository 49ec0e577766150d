import { isIPv6 } from 'node:net'
import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { AudioSession } from './audio-session.js'
import { openPortPair, type PortPair } from './rtp/port-pair.js'
import { createPortPool, type PortPool } from './rtp/port-pool.js'
import { createTicker } from './rtp/ticker.js'
import { parseDescription, type Shortcoming, shortcomings } from './sdp/description.js'
import { createNegotiation, type Negotiation } from './sdp/negotiation.js'
import { createSession } from './stream-session.js'

export type { AudioSession, StreamQuality } from './audio-session.js'
export type { Key } from './key.js'
export type { Clip } from './sound/clip.js'
export type { Playback } from './sound/player.js'

export type Answered =
  | { readonly outcome: 'answered'; readonly session: AudioSession }
  | { readonly outcome: 'no-port' | 'malformed' }
  | Unsuitable

/** An offer that cannot be answered. */
export interface Unsuitable {
  readonly outcome: Shortcoming
  /** The offered profiles: `RTP/SAVP`, `UDP/TLS/RTP/SAVPF`. */
  readonly profiles: readonly string[]
}

export interface Media {
  /** Answers an offer (RFC 3264 §6). `signalling`: the source address of the far end's SIP. */
  answer(offer: string, signalling?: string | null): Promise<Answered>
  /** Makes an offer; null if no port is free. */
  offer(signalling?: string | null): Promise<AudioSession | null>
  /** Ends all sessions; resolves when all ports are closed. */
  close(): Promise<void>
}

export interface MediaNeeds {
  /** The addresses in our session descriptions: one or both of IPv4 and IPv6. If this machine lacks one, its sockets listen on all addresses. */
  readonly addresses: readonly string[]
  /** Inclusive. RTP uses the even ports, RTCP the odd ones. */
  readonly ports: { readonly from: number; readonly to: number }
  readonly clock: Clock
  readonly log: Logger
  readonly metrics?: Metrics
}

/** Packets of an old stream may arrive for some seconds. */
const portRestMs = 10_000

/** Audio for prompts and test phones: RTP on its own ports, in this process. */
export function createMedia({ addresses, ports, clock, log, metrics }: MediaNeeds): Media {
  const pool = createPortPool({ ...ports, restMs: portRestMs, clock })
  const ticker = createTicker(clock)
  const usage = createUsage(pool, metrics)
  const sessions = new Set<AudioSession>()
  let isClosed = false

  function begin(pair: PortPair, negotiation: Negotiation, signalling: string | null): AudioSession {
    const session = createSession({
      ports: pair,
      negotiation,
      signalling,
      clock,
      ticker,
      log,
      onClosed: () => {
        sessions.delete(session)
        usage.close(pair)
      },
    })
    sessions.add(session)
    return session
  }

  async function openPair(address: string): Promise<PortPair | null> {
    const pair = isClosed ? null : await usage.open(address)
    if (!pair || !isClosed) return pair
    usage.close(pair)
    return null
  }

  return {
    async answer(offer, signalling = null) {
      const chosen = addressFor(offer, ofFamily(addresses, signalling))
      if (typeof chosen !== 'string') return chosen
      const pair = await openPair(chosen)
      if (!pair) return { outcome: 'no-port' }
      const negotiation = createNegotiation(chosen, pair.port)
      negotiation.answer(offer)
      return { outcome: 'answered', session: begin(pair, negotiation, signalling) }
    },
    async offer(signalling = null) {
      const [address = ''] = ofFamily(addresses, signalling)
      const pair = await openPair(address)
      if (!pair) return null
      const negotiation = createNegotiation(address, pair.port)
      negotiation.offer()
      return begin(pair, negotiation, signalling)
    },
    async close() {
      isClosed = true
      for (const session of sessions) session.close()
      ticker.close()
      await usage.allClosed()
    },
  }
}

/** Counts the open port pairs, and waits for those that are closing. */
function createUsage(pool: PortPool, metrics: Metrics | undefined) {
  const closing = new Set<Promise<void>>()
  const count = (): void => metrics?.rtpPortsInUse.set(pool.taken * 2)
  return {
    async open(address: string): Promise<PortPair | null> {
      const pair = await openPortPair(address, pool)
      count()
      return pair
    },
    close(pair: PortPair): void {
      const closed = pair.close().then(() => {
        closing.delete(closed)
        count()
      })
      closing.add(closed)
    },
    async allClosed(): Promise<void> {
      await Promise.all(closing)
    },
  }
}

/** The addresses, the one of the same family as the far end's SIP first. */
function ofFamily(addresses: readonly string[], signalling: string | null): readonly string[] {
  const isSameFamily = (address: string): boolean => signalling !== null && isIPv6(address) === isIPv6(signalling)
  return [...addresses.filter(isSameFamily), ...addresses.filter((address) => !isSameFamily(address))]
}

/** The address that answers the offer: the one that fits its first usable m= line. Chosen before a port is taken, so that bad offers take none. */
function addressFor(offer: string, addresses: readonly string[]): string | Exclude<Answered, { outcome: 'answered' }> {
  const judged = addresses.flatMap((address) => {
    const description = parseDescription(offer, address)
    return description ? [{ address, ...description }] : []
  })
  if (judged.length === 0) return { outcome: 'malformed' }
  const usable = judged.flatMap(({ address, audio }) => (audio ? [{ address, index: audio.index }] : []))
  const [first, ...others] = usable
  if (first) return others.reduce((best, other) => (other.index < best.index ? other : best), first).address
  const outcome = shortcomings.findLast((word) => judged.some(({ shortcoming }) => shortcoming === word)) ?? 'no-audio'
  const audio = judged[0]?.lines.filter(({ type }) => type === 'audio') ?? []
  return { outcome, profiles: [...new Set(audio.map(({ protocol }) => protocol.slice(0, longestProfile)))].slice(0, 3) }
}

/** Profiles have some twenty characters; longer ones are cut for the log. */
const longestProfile = 40
