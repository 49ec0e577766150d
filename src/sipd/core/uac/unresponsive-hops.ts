import type { Clock, Milliseconds } from '../../../base/clock.js'
import { createBoundedMap } from '../../transaction/admission/bounded-map.js'
import type { Hop } from '../../transaction/transaction-layer.js'
import { endpointText } from '../../transport/flow.js'

/** Places that were silent when a call was for them: for a minute they are asked last, so that not every call waits for them. */
export interface UnresponsiveHops {
  note(hop: Hop): void
  /** It has answered. */
  forget(hop: Hop): void
  /** Those that are not known to be silent first, each kind in the order given. */
  order(hops: readonly Hop[]): readonly Hop[]
}

const silentForMs: Milliseconds = 60_000
const mostPlaces = 1_000

export function createUnresponsiveHops(clock: Clock): UnresponsiveHops {
  const until = createBoundedMap<Milliseconds>(mostPlaces)
  const placeOf = ({ protocol, remote }: Hop): string => `${protocol} ${endpointText(remote)}`
  const isSilent = (hop: Hop): boolean => (until.get(placeOf(hop)) ?? 0) > clock.now()

  return {
    note: (hop) => until.set(placeOf(hop), clock.now() + silentForMs),
    forget: (hop) => until.delete(placeOf(hop)),
    order(hops) {
      // Most have one place, and most of the others answer.
      if (hops.length < 2 || until.size === 0 || !hops.some(isSilent)) return hops
      return [...hops.filter((hop) => !isSilent(hop)), ...hops.filter(isSilent)]
    },
  }
}
