import { localEndIn } from '../../../sip/uri/flow-uri.js'
import type { Flow, Hop } from '../../transaction/transaction-layer.js'
import type { Destination } from './sender.js'

/** The next hop that an application names; with a flow, the socket that the far end has spoken to. */
export function explicitNextHop(routeUri: string): Destination {
  return { uri: routeUri, from: localEndIn(routeUri) }
}

/** RFC 5626 §5.3: a flow over UDP is that flow; a large request does not go over TCP instead. */
export function onFlow(hop: Hop): Hop {
  return hop.protocol === 'udp' ? { ...hop, flow: flowOf(hop) } : hop
}

/** The flow over UDP that a hop leads over. */
function flowOf({ protocol, remote, local, advertised }: Hop): Flow {
  return { protocol, remote, local, advertised, connection: null }
}
