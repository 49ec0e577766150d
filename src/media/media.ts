import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { AudioSession } from './audio-session.js'
import { openPortPair, type PortPair } from './rtp/port-pair.js'
import { createPortPool, type PortPool } from './rtp/port-pool.js'
import { createTicker } from './rtp/ticker.js'
import { parseDescription } from './sdp/description.js'
import { createNegotiation, type Negotiation } from './sdp/negotiation.js'
import { createSession } from './stream-session.js'

export type { AudioSession, Heard, KeyWay } from './audio-session.js'
export type { Key } from './key.js'
export type { Clip } from './sound/clip.js'
export type { Playback } from './sound/player.js'

export type Answered =
  | { readonly outcome: 'answered'; readonly session: AudioSession }
  | { readonly outcome: 'no-common-codec' | 'no-port' | 'malformed' }

export interface Media {
  /** Answers an offer (RFC 3264 §6). `signalling`: the address that the far end's SIP comes from. */
  answer(offer: string, signalling?: string | null): Promise<Answered>
  /** Makes an offer; null when no port is free. */
  offer(signalling?: string | null): Promise<AudioSession | null>
  /** Ends every session; resolves when all ports are closed. */
  close(): Promise<void>
}

export interface MediaNeeds {
  /** The address that is told to phones. Listened on where this machine has it, else on all. */
  readonly address: string
  /** Both included; RTP takes the even ones, RTCP the odd ones. */
  readonly ports: { readonly from: number; readonly to: number }
  readonly clock: Clock
  readonly log: Logger
  readonly metrics?: Metrics
}

/** Late packets of an old stream come for some seconds. */
const portRestMs = 10_000

/** Sound for prompts and for test phones: RTP on ports of its own, in this process. */
export function createMedia({ address, ports, clock, log, metrics }: MediaNeeds): Media {
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

  async function openPair(): Promise<PortPair | null> {
    const pair = isClosed ? null : await usage.open(address)
    if (!pair || !isClosed) return pair
    usage.close(pair)
    return null
  }

  return {
    async answer(offer, signalling = null) {
      const unsuitable = judgeOffer(offer, address)
      if (unsuitable) return { outcome: unsuitable }
      const pair = await openPair()
      if (!pair) return { outcome: 'no-port' }
      const negotiation = createNegotiation(address, pair.port)
      negotiation.answer(offer)
      return { outcome: 'answered', session: begin(pair, negotiation, signalling) }
    },
    async offer(signalling = null) {
      const pair = await openPair()
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

/** Null where the offer can be answered. Asked before a port is taken, so that bad offers use up none. */
function judgeOffer(offer: string, address: string): 'malformed' | 'no-common-codec' | null {
  const description = parseDescription(offer, address)
  if (!description) return 'malformed'
  return description.audio ? null : 'no-common-codec'
}
