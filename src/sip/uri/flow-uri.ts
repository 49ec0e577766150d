import { parseUri } from './uri.js'

/**
 * A flow (RFC 5626 §3.2) as a next hop: `sip:203.0.113.9:40312;transport=udp;hotdesk-flow=192.0.2.10:5062`. The parameter tells the SIP server
 * that the peer can be reached only there, and which local socket the peer has used. It occurs only in the routing field of the admin wire and
 * is never sent to the network. drachtio-server ignores it.
 */
const flowParam = 'hotdesk-flow'

export interface LocalEnd {
  /** IPv6 without brackets. */
  readonly address: string
  readonly port: number
}

/** `local` is `address:port` as the SIP server reports it; `''` if unknown. */
export function flowUri(uri: string, local: string): string {
  return /^[\w.:[\]]+$/.test(local) ? `${uri};${flowParam}=${local}` : `${uri};${flowParam}`
}

/** Whether the routing field of a request names a flow. */
export function namesFlow(uri: string): boolean {
  return uri.includes(`;${flowParam}`)
}

/** The local end of the flow; null if it is not given. */
export function localEndIn(uri: string): LocalEnd | null {
  const parsed = namesFlow(uri) ? parseUri(uri) : null
  const [, address, port] = /^(.+):(\d{1,5})$/.exec((parsed?.kind === 'sip' && parsed.params.get(flowParam)) || '') ?? []
  if (address === undefined) return null
  return { address: address.replace(/^\[|\]$/g, ''), port: Number(port) }
}
