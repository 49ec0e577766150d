import { randomInt } from 'node:crypto'
import type { Clock, Milliseconds } from '../../base/clock.js'

/** Pairs of adjacent ports: RTP on the even one, RTCP on the next (RFC 3550 §11). */
export interface PortPool {
  /** An RTP port; null if all are taken. */
  take(): number | null
  /** Returns a port after use. It rests before it is used again, so that late packets of the old stream do not reach a new session. */
  giveBack(port: number): void
  /** Returns a port that another program uses, to the end of the queue. */
  putAside(port: number): void
  readonly taken: number
}

export interface PortPoolNeeds {
  readonly from: number
  readonly to: number
  readonly restMs: Milliseconds
  readonly clock: Clock
}

/** Starts at a random port, so that a restarted node does not receive its own old streams. */
export function createPortPool({ from, to, restMs, clock }: PortPoolNeeds): PortPool {
  const first = from + (from % 2)
  const pairs = Math.max(0, Math.floor((to + 1 - first) / 2))
  const start = pairs > 0 ? randomInt(pairs) : 0
  const free: { port: number; restsUntil: Milliseconds }[] = Array.from({ length: pairs }, (_, step) => ({
    port: first + 2 * ((start + step) % pairs),
    restsUntil: 0,
  }))
  let taken = 0

  function queue(port: number, restsUntil: Milliseconds): void {
    taken -= 1
    free.push({ port, restsUntil })
  }

  return {
    take() {
      // If all free ports still rest, the first has rested longest, which is better than refusing the call.
      const rested = free.findIndex((one) => one.restsUntil <= clock.now())
      const [chosen] = free.splice(Math.max(0, rested), 1)
      if (!chosen) return null
      taken += 1
      return chosen.port
    },
    giveBack: (port) => queue(port, clock.now() + restMs),
    putAside: (port) => queue(port, 0),
    get taken() {
      return taken
    },
  }
}
