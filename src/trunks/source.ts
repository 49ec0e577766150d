import { canonicalAddress, isLoopback } from '../base/ip-address.js'
import type { Trunk } from '../dialplan/dialplan.js'
import { parseUri } from '../sip/uri/uri.js'
import type { IncomingRequest, SipSource } from '../srf/srf.js'
import type { Registrations } from './registration/registrations.js'

/** What shows where a request comes from. */
export type RequestOrigin = Pick<IncomingRequest, 'uri' | 'source'>

/** The trunk that sent a request; null if none did. */
export type SourceLookup = (request: RequestOrigin) => Trunk | null

/**
 * By the Contact that we have registered, which nobody can guess; else by the addresses of the dial plan; else by the address whose registrar
 * has accepted us.
 */
export function createSourceLookup(
  trunks: readonly Trunk[],
  registrations: Pick<Registrations, 'withContact' | 'withSource'>,
): SourceLookup {
  const known = trunks.map((trunk) => ({ trunk, addresses: new Set(trunk.from.map(canonicalAddress)), port: portOf(trunk) }))

  function withAddress(source: SipSource): Trunk | null {
    const address = canonicalAddress(source.address)
    // On loopback every program has the same address, so the port must match as well.
    const found = known.find(({ addresses, port }) => addresses.has(address) && (!isLoopback(address) || source.port === port))
    return found?.trunk ?? null
  }

  return ({ uri, source }) => registrations.withContact(userOf(uri)) ?? withAddress(source) ?? registrations.withSource(source)
}

/** The user part of a SIP URI as it is written; `''` if there is none. */
export function userOf(uri: string): string {
  const parsed = parseUri(uri)
  return (parsed?.kind === 'sip' ? parsed.user : null) ?? ''
}

function portOf(trunk: Trunk): number {
  const uri = parseUri(trunk.uri)
  return (uri?.kind === 'sip' ? uri.port : null) ?? 5060
}
