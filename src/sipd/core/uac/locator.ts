import { isAppError, messageOf } from '../../../base/errors.js'
import type { Logger } from '../../../base/logger.js'
import { localEndIn } from '../../../sip/uri/flow-uri.js'
import type { Endpoint, Hop, TransactionLayer } from '../../transaction/transaction-layer.js'

/** The URI to locate, and the preferred local socket. */
export interface Destination {
  readonly uri: string
  readonly from: Endpoint | null
}

/** Finds next hops (RFC 3263). */
export interface Locator {
  /** Calls back before it returns if no DNS query is needed. `failed` gets drachtio's wording of the reason. */
  locate(destination: Destination, found: (hops: readonly Hop[]) => void, failed: (reason: string) => void): void
}

export interface LocatorNeeds {
  readonly layer: Pick<TransactionLayer, 'locate' | 'locateNow'>
  readonly log: Logger
}

export function createLocator({ layer, log }: LocatorNeeds): Locator {
  return {
    locate({ uri, from }, found, failed) {
      const refused = (fault: unknown): void => {
        if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
        failed(messageOf(fault))
      }
      let hops: readonly Hop[] | null
      try {
        hops = layer.locateNow(uri, from)
      } catch (fault) {
        refused(fault)
        return
      }
      if (hops) {
        found(hops)
        return
      }
      layer
        .locate(uri, from)
        .then(found, refused)
        .catch((fault: unknown) => log.error({ event: 'call.fault', err: fault }, 'a request could not be sent'))
    },
  }
}

/** The next hop that an application names; with a flow, the socket that the far end has spoken to. */
export function explicitNextHop(routeUri: string): Destination {
  return { uri: routeUri, from: localEndIn(routeUri) }
}

/** RFC 5626 §5.3: a flow over UDP is that flow; a large request does not go over TCP instead. */
export function onFlow(hop: Hop): Hop {
  if (hop.protocol !== 'udp') return hop
  const { protocol, remote, local, advertised } = hop
  return { ...hop, flow: { protocol, remote, local, advertised, connection: null } }
}
