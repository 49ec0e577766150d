import { signedParty } from '../identity/identity-headers.js'
import { trunkHandoverHeader } from './trunk-handover.js'

/** The signed parts of an INVITE between nodes. */
export interface NodeInvite {
  /** `''` for an absent header. */
  header(name: string): string
  readonly body: string
}

/** Headers that phones act on, and that pass from node to node. */
const activeHeaders = ['Alert-Info', 'Call-Info', 'Priority']

/**
 * The content that a hop token covers: the caller, the headers that phones act on, the session description, and the trunk of a call that is
 * handed over for one (compare RFC 8224 §4). Both
 * nodes parse the same headers, so a proxy that rewrites their spelling does not invalidate the token.
 */
export function signedContent({ header, body }: NodeInvite): string {
  const { name, number, isPrivate } = signedParty(header)
  const others = activeHeaders.map((each) => header(each).replace(/\s/g, ''))
  const handover = header(trunkHandoverHeader)
  return JSON.stringify([name, number, isPrivate, ...others, body.trim(), ...(handover === '' ? [] : [handover])])
}
