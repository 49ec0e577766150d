import { parseNameAddr } from '../../sip/headers/name-addr.js'
import type { SipRequest } from '../../sip/message/message.js'
import { parseInteger } from '../../sip/syntax/integer.js'
import { parseUri } from '../../sip/uri/uri.js'
import type { Field } from '../core/draft.js'
import type { Flow, Hop, Listening } from '../transaction/transaction-layer.js'
import { endpointText } from '../transport/flow.js'

/** Header fields of a forwarded request that the application cannot change. */
const unchangeable: ReadonlySet<string> = new Set([
  'Via',
  'From',
  'To',
  'Call-ID',
  'CSeq',
  'Route',
  'Record-Route',
  'Max-Forwards',
  'Contact',
  'Content-Length',
  'Content-Type',
])

/** True for a URI that names one of our sockets, or our address without a port. */
export function isOurUri(listening: readonly Listening[], uri: string): boolean {
  const parsed = parseUri(uri)
  if (parsed?.kind !== 'sip') return false
  const { host, port } = parsed
  return listening.some(({ local, advertised }) =>
    [local, advertised].some((own) => own.address === host && (port === null || port === own.port)),
  )
}

/** Removes our own entries from the top of Route (RFC 3261 §16.4). */
export function dropOwnRoutes(request: SipRequest, listening: readonly Listening[]): void {
  for (let top = topRoute(request); top !== null && isOurUri(listening, top); top = topRoute(request)) request.removeFirst('Route')
}

/** The URI of the first Route; null if there is none. */
export function topRoute(request: SipRequest): string | null {
  const [first] = request.list('Route')
  return first === undefined ? null : (parseNameAddr(first)?.uri ?? null)
}

/** RFC 3261 §16.3 step 3: false if the request must not be forwarded. */
export function hasHopsLeft(request: SipRequest): boolean {
  return parseInteger(request.first('Max-Forwards') ?? '70', 255) !== 0
}

export interface Forwarding {
  /** The new Request-URI; null: the request keeps its own. */
  readonly target: string | null
  /** The header by which later requests come this way too. */
  readonly recordRoute: 'none' | 'Record-Route' | 'Path'
  /** Header fields that the application adds. */
  readonly fields: readonly Field[]
  /** The flow that the request arrived on. */
  readonly from: Flow
  readonly hop: Hop
}

/** The copy for the next hop (RFC 3261 §16.6), without our Via. */
export function forwardedCopy(request: SipRequest, { target, recordRoute, fields, from, hop }: Forwarding): SipRequest {
  const copy = request.clone()
  if (target !== null) copy.uri = target
  const left = parseInteger(request.first('Max-Forwards') ?? '70', 255) ?? 70
  copy.set('Max-Forwards', String(Math.max(left - 1, 0)))
  if (recordRoute !== 'none') {
    // Between two transports each side sees its own (RFC 5658).
    if (from.protocol !== hop.protocol) copy.prepend(recordRoute, ownRoute(from))
    copy.prepend(recordRoute, ownRoute(hop))
  }
  if (recordRoute === 'Path') copy.append('Require', 'path')
  for (const { name, value } of fields) if (!unchangeable.has(name)) copy.set(name, value)
  return copy
}

function ownRoute({ protocol, advertised }: Pick<Hop, 'protocol' | 'advertised'>): string {
  return `<sip:${endpointText(advertised)}${protocol === 'udp' ? '' : `;transport=${protocol}`};lr>`
}
