import { dialled } from '../../sip/uri/dialled.js'
import { parseUri, type SipUri, type Uri } from '../../sip/uri/uri.js'
import { sameHost } from '../../sip/uri/uri-equality.js'

export interface DigestUriNeeds {
  readonly method: string
  readonly requestUri: string
  /** Whether a host name or address belongs to this network. */
  readonly isOurs: (host: string) => boolean
}

/**
 * Whether credentials were made for this request (RFC 7616 §3.4.6, RFC 3261 §22.4). Credentials for another URI may answer a challenge that a
 * third party relayed to the phone.
 *
 * These deviations of phones are accepted, because the phone still names this network and the same number:
 * - URI parameters, the scheme `sips`, and a port that only one of the two has;
 * - another name or address of this network, because proxies and NAT rewrite the Request-URI;
 * - another spelling of the same number: escapes, `tel:` instead of `sip:`;
 * - a user part in a REGISTER, because To names the address-of-record;
 * - no user part: SIPp and some stacks sign the address of their server for every request.
 */
export function fitsRequest(digestUri: string, needs: DigestUriNeeds): boolean {
  const signed = parseUri(digestUri)
  const requested = parseUri(needs.requestUri)
  if (!signed || !requested || leadsElsewhere(signed, needs) || leadsElsewhere(requested, needs)) return false
  if (signed.kind === 'other' || requested.kind === 'other') return digestUri.toLowerCase() === needs.requestUri.toLowerCase()
  if (signed.kind === 'sip' && requested.kind === 'sip')
    return isSameServer(signed, requested, needs) && isSameUser(signed, requested, { ...needs, digestUri })
  return isServer(signed, needs) && (isUserless(signed) || numberOf(signed, digestUri) === numberOf(requested, needs.requestUri))
}

/** RFC 3261 §19.1.1: `maddr` sends the request to another server than the host. */
function leadsElsewhere(uri: Uri, { isOurs }: DigestUriNeeds): boolean {
  const address = uri.kind === 'sip' ? uri.params.get('maddr') : undefined
  return address !== undefined && (address === null || !isOurs(address.replace(/^\[|\]$/g, '')))
}

function isSameServer(signed: SipUri, requested: SipUri, needs: DigestUriNeeds): boolean {
  if (!sameHost(signed.host, requested.host)) return isServer(signed, needs) && isServer(requested, needs)
  return signed.port === null || requested.port === null || signed.port === requested.port
}

function isServer(uri: Uri, { isOurs }: DigestUriNeeds): boolean {
  return uri.kind === 'tel' || (uri.kind === 'sip' && isOurs(uri.host))
}

/** Calls are routed by the decoded user part, so its spelling does not matter. */
function isSameUser(signed: SipUri, requested: SipUri, { digestUri, ...needs }: DigestUriNeeds & { readonly digestUri: string }): boolean {
  if (needs.method === 'REGISTER') return true
  if (isUserless(signed)) return requested.user === null || needs.isOurs(signed.host)
  return dialled(digestUri) === dialled(needs.requestUri) && signed.password === requested.password
}

function isUserless(uri: Uri): boolean {
  return uri.kind === 'sip' && uri.user === null
}

/** A telephone number without visual separators (RFC 3966 §5.1.1), which a SIP URI may also contain. */
function numberOf(uri: Uri, text: string): string {
  return uri.kind === 'sip' ? dialled(text).replace(/[-.()]/g, '') : dialled(text)
}
