import type { NameAddr } from '../../../sip/headers/name-addr.js'
import type { SipMessage } from '../../../sip/message/message.js'
import { schemeOf } from '../../../sip/uri/uri.js'

/** The Contact that becomes the remote target: the first SIP or SIPS URI (RFC 3261 §8.1.1.8, §12.1.1). `tel:` and `mailto:` are no targets. */
export function contactOfDialog({ contacts }: SipMessage): NameAddr | undefined {
  return contacts.find(({ uri }) => ['sip', 'sips'].includes(schemeOf(uri)))
}
