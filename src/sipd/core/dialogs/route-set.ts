import { parseNameAddr } from '../../../sip/headers/name-addr.js'
import { parseUri } from '../../../sip/uri/uri.js'

/** Request-URI and Route of a request in a dialog (RFC 3261 §12.2.1.1). */
export interface Path {
  /** The Request-URI. */
  readonly uri: string
  /** Values of the Route header, in order. */
  readonly routes: readonly string[]
  /** The URI that the next hop is located from. */
  readonly next: string
}

/** The path to a remote target over a route set: loose routers stay in Route, a strict one becomes the Request-URI. */
export function pathTo(target: string, routeSet: readonly string[]): Path {
  const first = routeSet[0]
  if (first === undefined) return { uri: target, routes: [], next: target }
  const router = parseNameAddr(first)?.uri ?? first
  const parsed = parseUri(router)
  const loose = parsed?.kind !== 'sip' || parsed.params.has('lr')
  if (loose) return { uri: target, routes: routeSet, next: router }
  return { uri: router, routes: [...routeSet.slice(1), `<${target}>`], next: router }
}
