import { canonicalAddress, isLoopback } from '../base/ip-address.js'
import type { Trunk } from '../dialplan/dialplan.js'
import { parseUri } from '../sip/uri/uri.js'
import type { SipSource } from '../srf/srf.js'

/** The trunk that sent a request, by source address; null if none did. */
export type SourceLookup = (source: SipSource) => Trunk | null

export function createSourceLookup(trunks: readonly Trunk[]): SourceLookup {
  const known = trunks.map((trunk) => ({ trunk, addresses: new Set(trunk.from.map(canonicalAddress)), port: portOf(trunk) }))

  return (source) => {
    const address = canonicalAddress(source.address)
    // On loopback every program has the same address, so the port must match as well.
    const found = known.find(({ addresses, port }) => addresses.has(address) && (!isLoopback(address) || source.port === port))
    return found?.trunk ?? null
  }
}

function portOf(trunk: Trunk): number {
  const uri = parseUri(trunk.uri)
  return (uri?.kind === 'sip' ? uri.port : null) ?? 5060
}
