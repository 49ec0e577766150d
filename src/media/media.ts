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

export type { AudioSession } from './audio-session.js'
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
  /** What it offers instead: `RTP/SAVP`, `UDP/TLS/RTP/SAVPF`. */
  readonly profiles: readonly string[]
}

export interface Media {
  /** Answers an offer (RFC 3264 §6). `signalling`: the address that the far end's SIP comes from. */
  answer(offer: string, signalling?: string | null): Promise<Answered>
  /** Makes an offer; null when no port is free. */
  offer(signalling?: string | null): Promise<AudioSession | null>
  /** Ends every session; resolves when all ports are closed. */
  close(): Promise<void>
}

export interface MediaNeeds {
  /** At least one, and at most one IPv4 and one IPv6: what phones of either family are told. Listened on where this machine has them, else on all. */
  readonly addresses: readonly string[]
  /** Both included; RTP takes the even ones, RTCP the odd ones. */
  readonly ports: { readonly from: number; readonly to: number }
  readonly clock: Clock
  readonly log: Logger
  readonly metrics?: Metrics
}

/** Late packets of an old stream come for some seconds. */
const portRestMs = 10_000

/** Sound for prompts and for test phones: RTP on ports of its own, in this process. */
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

/** The pairs that are open, and those that are just being closed. */
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

/** The address of the family that the far end's SIP comes from is first. */
function ofFamily(addresses: readonly string[], signalling: string | null): readonly string[] {
  const isAlike = (address: string): boolean => signalling !== null && isIPv6(address) === isIPv6(signalling)
  return [...addresses.filter(isAlike), ...addresses.filter((address) => !isAlike(address))]
}

/**
 * Which of our addresses answers the offer: the one that suits its first line of use. Asked before a port is taken, so that bad offers use up
 * none.
 */
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

/** For the log: a profile has some twenty characters. */
const longestProfile = 40
