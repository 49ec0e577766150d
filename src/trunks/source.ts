import { BlockList, isIPv6 } from 'node:net'
import type { Trunk } from '../dialplan/dialplan.js'
import { parseUri } from '../sip/uri/uri.js'
import type { SipSource } from '../srf/srf.js'

/** The trunk that sent a request, by source address; null if none did. */
export type SourceLookup = (source: SipSource) => Trunk | null

export function createSourceLookup(trunks: readonly Trunk[]): SourceLookup {
  const loopback = new BlockList()
  loopback.addSubnet('127.0.0.0', 8)
  loopback.addAddress('::1', 'ipv6')
  const isLocal = (address: string): boolean => loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  const known = trunks.map((trunk) => ({ trunk, addresses: new Set(trunk.from.map(canonical)), port: portOf(trunk) }))

  return (source) => {
    const address = canonical(source.address)
    // On loopback every program has the same address, so the port must match as well.
    const found = known.find(({ addresses, port }) => addresses.has(address) && (!isLocal(address) || source.port === port))
    return found?.trunk ?? null
  }
}

/** One spelling for each address: IPv6 compressed and in lower case, IPv4-mapped IPv6 (`::ffff:192.0.2.1`) as IPv4. */
function canonical(address: string): string {
  // A URL cannot contain the zone of a link-local address (`fe80::1%eth0`).
  const [bare = '', zone] = address.split('%')
  const short = isIPv6(bare) ? new URL(`http://[${bare}]/`).hostname.slice(1, -1) + (zone === undefined ? '' : `%${zone}`) : address
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short)
  if (!mapped) return short
  const bytes = mapped.slice(1).flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff])
  return bytes.join('.')
}

function portOf(trunk: Trunk): number {
  const uri = parseUri(trunk.uri)
  return (uri?.kind === 'sip' ? uri.port : null) ?? 5060
}
