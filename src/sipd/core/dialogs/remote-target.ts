import type { NameAddr } from '../../../sip/headers/name-addr.js'
import type { SipMessage } from '../../../sip/message/message.js'
import { schemeOf } from '../../../sip/uri/uri.js'

/** The Contact that requests in a dialog go to: the first SIP or SIPS URI (RFC 3261 §8.1.1.8, §12.1.1). No request can be sent to `tel:` or `mailto:`. */
export function contactOfDialog({ contacts }: SipMessage): NameAddr | undefined {
  return contacts.find(({ uri }) => ['sip', 'sips'].includes(schemeOf(uri)))
}
