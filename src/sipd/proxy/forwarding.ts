import { parseNameAddr } from '../../sip/headers/name-addr.js'
import type { SipRequest } from '../../sip/message/message.js'
import { parseInteger } from '../../sip/syntax/integer.js'
import { parseUri } from '../../sip/uri/uri.js'
import type { Field } from '../core/draft.js'
import type { Flow, Hop, Listening } from '../transaction/transaction-layer.js'
import { endpointText } from '../transport/flow.js'

/** Not the application's to change on a request that passes through. */
const kept: ReadonlySet<string> = new Set([
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

/** Takes our own entries off the top of Route (RFC 3261 §16.4). */
export function dropOwnRoutes(request: SipRequest, listening: readonly Listening[]): void {
  for (let top = topRoute(request); top !== null && isOurUri(listening, top); top = topRoute(request)) request.removeFirst('Route')
}

/** The URI of the first Route; null without. */
export function topRoute(request: SipRequest): string | null {
  const [first] = request.list('Route')
  return first === undefined ? null : (parseNameAddr(first)?.uri ?? null)
}

/** RFC 3261 §16.3 step 3: false where the request must not go on. */
export function mayHop(request: SipRequest): boolean {
  return parseInteger(request.first('Max-Forwards') ?? '70', 255) !== 0
}

export interface Passing {
  /** The new Request-URI; null: the request keeps its own. */
  readonly target: string | null
  /** Whether later requests come this way, and by which header. */
  readonly stay: 'no' | 'Record-Route' | 'Path'
  /** The application's additions. */
  readonly fields: readonly Field[]
  readonly from: Flow
  readonly hop: Hop
}

/** A copy for the next hop (RFC 3261 §16.6), but for the Via. */
export function passOn(request: SipRequest, { target, stay, fields, from, hop }: Passing): SipRequest {
  const copy = request.clone()
  if (target !== null) copy.uri = target
  const left = parseInteger(request.first('Max-Forwards') ?? '70', 255) ?? 70
  copy.set('Max-Forwards', String(Math.max(left - 1, 0)))
  if (stay !== 'no') {
    // Between two kinds of transport each side is shown its own (RFC 5658).
    if (from.protocol !== hop.protocol) copy.prepend(stay, ownRoute(from))
    copy.prepend(stay, ownRoute(hop))
  }
  if (stay === 'Path') copy.append('Require', 'path')
  for (const { name, value } of fields) if (!kept.has(name)) copy.set(name, value)
  return copy
}

function ownRoute({ protocol, advertised }: Pick<Hop, 'protocol' | 'advertised'>): string {
  return `<sip:${endpointText(advertised)}${protocol === 'udp' ? '' : `;transport=${protocol}`};lr>`
}
