import { randomInt } from 'node:crypto'
import type { Clock, Milliseconds } from '../../base/clock.js'

/** Pairs of neighbouring ports: RTP on the even one, RTCP on the odd one above (RFC 3550 §11). */
export interface PortPool {
  /** An RTP port; null when all are taken. */
  take(): number | null
  /** Gives back a port after use: it rests before it is handed out again, so that late packets of the old stream find nobody. */
  giveBack(port: number): void
  /** Gives back a port that another program has: it goes to the end of the queue. */
  putAside(port: number): void
  readonly taken: number
}

export interface PortPoolNeeds {
  readonly from: number
  readonly to: number
  readonly restMs: Milliseconds
  readonly clock: Clock
}

/** Begins at a random port, so that a node that restarts does not fall into its own old streams. */
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
      // Where all that is left still rests, a short rest is better than a refused caller: the first has rested longest.
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
