import { encodeUser } from './user-part.js'

/**
 * The SIP URI of a node, or of a user at it: `sip:100@192.0.2.10:5060;transport=udp`. `sip` is the address in the node's heartbeat:
 * `udp:192.0.2.10:5060`, `tls:[2001:db8::1]:5061`, or `udp/192.0.2.10:5060`.
 */
export function nodeUri({ sip }: { readonly sip: string }, user?: string): string {
  const [, protocol = 'udp', address = sip] = /^([^:/]*)[:/](.*)$/.exec(sip) ?? []
  return `sip:${user === undefined ? '' : `${encodeUser(user)}@`}${address};transport=${protocol}`
}
