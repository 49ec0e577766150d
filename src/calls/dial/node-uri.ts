import type { LiveNode } from '../../directory/directory.js'
import { encodeUser } from '../../sip/uri/uri.js'

/** The SIP URI of a node, or of a user at it: `sip:100@192.0.2.10:5060;transport=udp`. */
export function nodeUri({ sip }: Pick<LiveNode, 'sip'>, user?: string): string {
  const [protocol = 'udp', address = sip] = splitTransport(sip)
  return `sip:${user === undefined ? '' : `${encodeUser(user)}@`}${address};transport=${protocol}`
}

// `udp:[2001:db8::1]:5060` and `udp/192.0.2.1:5060` both begin with the protocol.
function splitTransport(text: string): readonly string[] {
  const at = text.search(/[:/]/)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
