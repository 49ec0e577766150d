import { parseUri } from './uri.js'

/**
 * A next hop that is a flow (RFC 5626 §3.2): `sip:203.0.113.9:40312;transport=udp;hotdesk-flow=192.0.2.10:5062`. The parameter tells our SIP
 * server that the far end can be reached there and nowhere else, and which of its own sockets the far end has spoken to. It stands only
 * in the routing field of the admin wire and never reaches the network. A drachtio-server ignores it.
 */
const flowParam = 'hotdesk-flow'

export interface LocalEnd {
  /** IPv6 without brackets. */
  readonly address: string
  readonly port: number
}

/** `local` is `address:port` as the SIP server reports it; `''` if it is unknown. */
export function flowUri(uri: string, local: string): string {
  return /^[\w.:[\]]+$/.test(local) ? `${uri};${flowParam}=${local}` : `${uri};${flowParam}`
}

/** True for the routing field of a request that goes over a flow. */
export function namesFlow(uri: string): boolean {
  return uri.includes(`;${flowParam}`)
}

/** Our end of the flow; null if it is not named. */
export function localEndIn(uri: string): LocalEnd | null {
  const parsed = namesFlow(uri) ? parseUri(uri) : null
  const [, address, port] = /^(.+):(\d{1,5})$/.exec((parsed?.kind === 'sip' && parsed.params.get(flowParam)) || '') ?? []
  if (address === undefined) return null
  return { address: address.replace(/^\[|\]$/g, ''), port: Number(port) }
}
