import { parseNameAddr } from '../sip/headers/name-addr.js'
import { splitList } from '../sip/syntax/list.js'
import { flowUri } from '../sip/uri/flow-uri.js'
import { parseUri, printUri, type SipUri } from '../sip/uri/uri.js'
import type { Binding } from './bindings/record.js'

/** How a request reaches a phone. */
export interface Reach {
  /** The next hop. */
  readonly via: string
  /** The proxies of its Path (RFC 3327 §5.3). */
  readonly headers: { readonly Route?: string }
}

/** The flow of the REGISTER, through NAT and over its connection (RFC 3581, RFC 5626 §5.3); with a Path, the first proxy of it. */
export function reachOf({ flow, local, path }: Pick<Binding, 'flow' | 'local' | 'path'>): Reach {
  if (path === '') return { via: flowUri(flow, local), headers: {} }
  const proxy = firstProxy(path)
  return { via: flowUri(proxy && acceptsConnections(proxy) ? bare(proxy) : flow, local), headers: { Route: path } }
}

function firstProxy(path: string): SipUri | null {
  const uri = parseUri(parseNameAddr(splitList(path)[0] ?? '')?.uri ?? '')
  return uri?.kind === 'sip' ? uri : null
}

/** A proxy on a WebSocket can be reached only on its own connection (RFC 7118 §5). */
function acceptsConnections({ params }: SipUri): boolean {
  return !/^wss?$/i.test(params.get('transport') ?? '')
}

/** Host, port and transport, which determine the next hop. */
function bare(proxy: SipUri): string {
  const params = new Map([...proxy.params].filter(([name]) => name === 'transport' || name === 'maddr'))
  return printUri({ ...proxy, user: null, password: null, params, headers: [] })
}

/** A phone whose connection is closed may still listen at its Contact, if that is at the same address (RFC 3261 §10.2.1). */
export function withoutConnection<Bound extends Pick<Binding, 'contact' | 'flow' | 'local' | 'path'>>(binding: Bound): Bound {
  const [contact, flow] = [parseUri(binding.contact), parseUri(binding.flow)]
  if (binding.path !== '' || contact?.kind !== 'sip' || flow?.kind !== 'sip' || contact.host !== flow.host) return binding
  const transport = (flow.params.get('transport') ?? '').toLowerCase()
  if (!isListening(contact, transport)) return binding
  const port = contact.port ?? (transport === 'tls' ? 5061 : 5060)
  return { ...binding, flow: printUri({ ...flow, port }), local: '' }
}

function isListening({ params, scheme }: SipUri, transport: string): boolean {
  const named = (params.get('transport') ?? (scheme === 'sips' ? 'tls' : 'udp')).toLowerCase()
  return transport === 'tls' ? named === 'tls' || scheme === 'sips' : transport === 'tcp' && named === 'tcp'
}
