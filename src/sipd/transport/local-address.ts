import { isIP, isIPv6 } from 'node:net'
import { machineAddress } from '../../base/host/machine-address.js'
import { type Family, isLoopback, isWildcard, loopbackOf } from '../../base/ip-address.js'
import type { Endpoint } from './flow.js'

/** Our side of an exchange with a remote: the address of the socket, and the address to show. */
export interface LocalSides {
  readonly local: Endpoint
  readonly advertised: Endpoint
}

/** A socket bound to 0.0.0.0 or `::` has all addresses of the machine. Each remote is shown one that it can reach. */
export interface LocalAddresses {
  sidesFor(bound: Endpoint, remoteAddress: string): LocalSides
}

/** `advertise`: the host to show instead; null: none. */
export function createLocalAddresses(advertise: string | null): LocalAddresses {
  const outward: Readonly<Record<Family, string | null>> = { IPv4: machineAddress('IPv4'), IPv6: machineAddress('IPv6') }
  const known = { loopback: new WeakMap<Endpoint, LocalSides>(), outward: new WeakMap<Endpoint, LocalSides>() }

  // Called for every datagram with the same few sockets, so the result is cached by the socket's address.
  function sides(bound: Endpoint, kind: 'loopback' | 'outward'): LocalSides {
    const found = known[kind].get(bound) ?? findSides(bound, kind)
    known[kind].set(bound, found)
    return found
  }

  function findSides(bound: Endpoint, kind: 'loopback' | 'outward'): LocalSides {
    const local = isWildcard(bound.address) ? { address: reachable(bound.address, kind), port: bound.port } : bound
    return { local, advertised: { address: shownFor(local), port: bound.port } }
  }

  /** An advertised address is shown only to its own address family. A host name may have both. */
  function shownFor({ address }: Endpoint): string {
    if (advertise === null) return address
    return isIP(advertise) === 0 || isSameFamily(advertise, address) ? advertise : address
  }

  function reachable(wildcard: string, kind: 'loopback' | 'outward'): string {
    const family = isIPv6(wildcard) ? 'IPv6' : 'IPv4'
    return (kind === 'outward' ? outward[family] : null) ?? loopbackOf(family)
  }

  return {
    sidesFor: (bound, remoteAddress) => sides(bound, isLoopback(remoteAddress) ? 'loopback' : 'outward'),
  }
}

export function isSameFamily(one: string, other: string): boolean {
  return isIPv6(one) === isIPv6(other)
}
