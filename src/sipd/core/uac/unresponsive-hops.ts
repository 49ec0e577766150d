import type { Clock, Milliseconds } from '../../../base/clock.js'
import { createBoundedMap } from '../../bounded-map.js'
import type { Hop } from '../../transaction/transaction-layer.js'
import { endpointText } from '../../transport/flow.js'

/** Hops that did not respond to an INVITE. For one minute they are tried last, so that not every call waits for them. */
export interface UnresponsiveHops {
  note(hop: Hop): void
  /** The hop responded. */
  forget(hop: Hop): void
  /** Responsive hops first; otherwise the order is kept. */
  order(hops: readonly Hop[]): readonly Hop[]
}

const unresponsiveForMs: Milliseconds = 60_000
const maxHops = 1_000

export function createUnresponsiveHops(clock: Clock): UnresponsiveHops {
  const until = createBoundedMap<Milliseconds>(maxHops)
  const keyOf = ({ protocol, remote }: Hop): string => `${protocol} ${endpointText(remote)}`
  const isUnresponsive = (hop: Hop): boolean => (until.get(keyOf(hop)) ?? 0) > clock.now()

  return {
    note: (hop) => until.set(keyOf(hop), clock.now() + unresponsiveForMs),
    forget: (hop) => until.delete(keyOf(hop)),
    order(hops) {
      // The common cases need no sorting.
      if (hops.length < 2 || until.size === 0 || !hops.some(isUnresponsive)) return hops
      return [...hops.filter((hop) => !isUnresponsive(hop)), ...hops.filter(isUnresponsive)]
    },
  }
}
