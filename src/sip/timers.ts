import type { Milliseconds } from '../base/clock.js'

/** RFC 3261 §17.1.1.1, appendix A. */
export interface TimerBase {
  /** Round-trip estimate; 500 ms. */
  readonly t1: Milliseconds
  /** The longest interval between retransmissions; 4 s. */
  readonly t2: Milliseconds
  /** How long a message may stay in the network; 5 s. */
  readonly t4: Milliseconds
}

/** Durations in milliseconds, with the names of RFC 3261 appendix A and RFC 6026 §8.4 (L, M). A, E and G are initial values that double. */
export interface SipTimers extends TimerBase {
  /** INVITE client, retransmission: doubles without a limit. Infinite on a reliable transport, like E and G. */
  readonly a: Milliseconds
  /** INVITE client, gives up. */
  readonly b: Milliseconds
  /** INVITE client, waits for retransmitted final responses. */
  readonly d: Milliseconds
  /** Non-INVITE client, retransmission: doubles up to T2. */
  readonly e: Milliseconds
  /** Non-INVITE client, gives up. */
  readonly f: Milliseconds
  /** INVITE server, retransmits its final response: doubles up to T2. */
  readonly g: Milliseconds
  /** INVITE server, gives up waiting for ACK. */
  readonly h: Milliseconds
  /** INVITE server, waits for retransmitted ACKs. */
  readonly i: Milliseconds
  /** Non-INVITE server, waits for retransmitted requests. */
  readonly j: Milliseconds
  /** Non-INVITE client, waits for retransmitted responses. */
  readonly k: Milliseconds
  /** INVITE server, state Accepted. */
  readonly l: Milliseconds
  /** INVITE client, state Accepted. */
  readonly m: Milliseconds
}

export type Reliability = 'reliable' | 'unreliable'

/** The timers of all four transaction machines. On a reliable transport there are no retransmissions to send or to wait for. */
export function sipTimers(base: TimerBase, transport: Reliability): SipTimers {
  const { t1, t2, t4 } = base
  const retransmit = transport === 'reliable' ? Number.POSITIVE_INFINITY : t1
  const wait = (ms: Milliseconds): Milliseconds => (transport === 'reliable' ? 0 : ms)
  const giveUp = 64 * t1
  return Object.freeze({
    t1,
    t2,
    t4,
    a: retransmit,
    b: giveUp,
    d: wait(Math.max(32_000, giveUp)),
    e: retransmit,
    f: giveUp,
    g: retransmit,
    h: giveUp,
    i: wait(t4),
    j: wait(giveUp),
    k: wait(t4),
    l: giveUp,
    m: giveUp,
  })
}
