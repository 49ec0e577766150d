import type { Clock } from '../../../base/clock.js'
import { type Endpoint, endpointText, type Hop } from '../../transport/flow.js'
import type { Transports } from '../../transport/transports.js'

/** RFC 3261 §18.1.1: a request that may be fragmented goes by TCP, and by UDP after all where TCP is refused. */
export interface OversizeRule {
  /** The stream to try first; null: UDP it is. */
  streamFor(hop: Hop, size: number): Hop | null
  /** TCP did not work with that peer: it is spared the next attempts. */
  refused(remote: Endpoint): void
}

export interface OversizeNeeds {
  readonly transports: Pick<Transports, 'hopTo'>
  readonly clock: Clock
  /** The largest request for UDP, in bytes; RFC 3261 §18.1.1 says 1300 where the path MTU is not known. */
  readonly limit: number
}

const spareMs = 10 * 60_000
const rememberMost = 10_000

export function createOversizeRule({ transports, clock, limit }: OversizeNeeds): OversizeRule {
  const spared = new Map<string, number>()

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
      const oldest = spared.size >= rememberMost ? spared.keys().next().value : undefined
      if (oldest !== undefined) spared.delete(oldest)
      spared.set(endpointText(remote), clock.now() + spareMs)
    },
  }
}
