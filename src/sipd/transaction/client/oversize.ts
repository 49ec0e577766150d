import type { Clock, Milliseconds } from '../../../base/clock.js'
import { createBoundedMap } from '../../bounded-map.js'
import { type Endpoint, endpointText, type Hop } from '../../transport/flow.js'
import type { Transports } from '../../transport/transports.js'

/** RFC 3261 §18.1.1: a request that may be fragmented is sent over TCP, or over UDP if TCP is refused. */
export interface OversizeRule {
  /** The stream to try first; null: use UDP. */
  streamFor(hop: Hop, size: number): Hop | null
  /** TCP failed with this peer. It is not tried again for ten minutes. */
  refused(remote: Endpoint): void
}

export interface OversizeNeeds {
  readonly transports: Pick<Transports, 'hopTo'>
  readonly clock: Clock
  /** The largest request for UDP in bytes. RFC 3261 §18.1.1: 1300 if the path MTU is unknown. */
  readonly limit: number
}

const spareMs: Milliseconds = 10 * 60_000
const maxRemembered = 10_000

export function createOversizeRule({ transports, clock, limit }: OversizeNeeds): OversizeRule {
  const spared = createBoundedMap<Milliseconds>(maxRemembered)

  function isSpared(remote: Endpoint): boolean {
    const until = spared.get(endpointText(remote))
    return until !== undefined && until > clock.now()
  }

  return {
    streamFor(hop, size) {
      if (size <= limit || hop.protocol !== 'udp' || hop.flow || isSpared(hop.remote)) return null
      return transports.hopTo('tcp', hop.remote)
    },
    refused(remote) {
      spared.set(endpointText(remote), clock.now() + spareMs)
    },
  }
}
