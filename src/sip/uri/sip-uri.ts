import { noParameters, type Parameters } from '../syntax/parameters.js'
import { parseUri, printUri, type SipUri } from './uri.js'
import { noUriHeaders } from './uri-parameters.js'
import { encodeUser } from './user-part.js'

export interface SipUriParts {
  /** Not escaped. */
  readonly user?: string
  readonly host: string
  readonly port?: number | null
  readonly transport?: string
}

/** Builds a SIP URI. The user part is escaped, so it cannot add anything else to the URI. */
export function sipUri({ user, host, port = null, transport }: SipUriParts): string {
  const params: Parameters = transport === undefined ? noParameters : new Map([['transport', transport]])
  const encoded = user === undefined ? null : encodeUser(user)
  return printUri({ kind: 'sip', scheme: 'sip', user: encoded, password: null, host, port, params, headers: noUriHeaders })
}

/** The same address with another user, given without escapes. Null for text that is not a SIP URI. */
export function withUser(text: string, user: string): SipUri | null {
  const uri = parseUri(text)
  return uri?.kind === 'sip' ? { ...uri, user: encodeUser(user), password: null, headers: noUriHeaders } : null
}

/** A SIP URI without `?header=value`, which a Request-URI must not have (RFC 3261 §19.1.1). Any other text is returned unchanged. */
export function withoutUriHeaders(text: string): string {
  const uri = text.includes('?') ? parseUri(text) : null
  return uri?.kind === 'sip' && uri.headers.length > 0 ? printUri({ ...uri, headers: noUriHeaders }) : text
}
