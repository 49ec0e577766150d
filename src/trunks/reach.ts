import type { Trunk } from '../dialplan/dialplan.js'
import { parseNameAddr } from '../sip/headers/name-addr.js'
import { splitList } from '../sip/syntax/list.js'
import { flowUri } from '../sip/uri/flow-uri.js'

/** The next hop of a request, and its route from there. */
export interface NextHop {
  /** Null: the one that the Request-URI names. */
  readonly via: string | null
  readonly headers: { readonly Route?: string }
}

/**
 * Our requests go along the service route of our registration (RFC 3608 §6.1), and first to the outbound proxy if there is one (RFC 3261
 * §8.1.2). The SIP server keeps a Route only with a next hop that is written as a flow; drachtio-server drops it.
 */
export function nextHop({ outboundProxy }: Pick<Trunk, 'outboundProxy'>, serviceRoute: string): NextHop {
  const first = parseNameAddr(splitList(serviceRoute)[0] ?? '')?.uri
  if (first === undefined) return { via: outboundProxy ?? null, headers: {} }
  return { via: flowUri(outboundProxy ?? first, ''), headers: { Route: serviceRoute } }
}
