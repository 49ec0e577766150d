import { splitList } from '../../sip/headers.js'
import { parseNameAddr } from '../../sip/name-addr.js'
import { flowUri } from '../../sip/syntax/flow-uri.js'
import { parseUri, printUri, type SipUri } from '../../sip/uri.js'
import type { Binding } from './binding.js'

/** How a request reaches a phone. */
export interface Reach {
  /** The next hop. */
  readonly via: string
  /** The proxies of its Path (RFC 3327 §5.3). */
  readonly headers: { readonly Route?: string }
}

/** Back where the REGISTER came from, through NAT and over its own connection (RFC 3581, RFC 5626 §5.3); with a Path: to its first proxy. */
export function reachOf({ flow, local, path }: Pick<Binding, 'flow' | 'local' | 'path'>): Reach {
  if (path === '') return { via: flowUri(flow, local), headers: {} }
  const proxy = firstProxy(path)
  return { via: flowUri(proxy && isCallable(proxy) ? bare(proxy) : flow, local), headers: { Route: path } }
}

function firstProxy(path: string): SipUri | null {
  const uri = parseUri(parseNameAddr(splitList(path)[0] ?? '')?.uri ?? '')
  return uri?.kind === 'sip' ? uri : null
}

/** A proxy that has come by WebSocket can only be reached on its connection (RFC 7118 §5). */
function isCallable({ params }: SipUri): boolean {
  return !/^wss?$/i.test(params.get('transport') ?? '')
}

/** Host, port and transport: what the next hop is found from. */
function bare(proxy: SipUri): string {
  const params = new Map([...proxy.params].filter(([name]) => name === 'transport' || name === 'maddr'))
  return printUri({ ...proxy, user: null, password: null, params, headers: [] })
}
