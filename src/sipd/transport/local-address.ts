import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Endpoint } from './flow.js'

/** Our side of an exchange with a remote: the socket's address, and the one to show. */
export interface LocalSides {
  readonly local: Endpoint
  readonly advertised: Endpoint
}

/** A socket bound to 0.0.0.0 or `::` has as many addresses as the machine; each remote is shown one that it can reach. */
export interface LocalAddresses {
  sidesFor(bound: Endpoint, remoteAddress: string): LocalSides
}

/** `advertise`: the host to show instead, null for none. */
export function createLocalAddresses(advertise: string | null): LocalAddresses {
  const outward = outwardAddresses()
  const known = { loopback: new WeakMap<Endpoint, LocalSides>(), outward: new WeakMap<Endpoint, LocalSides>() }

  // Asked for every datagram, by the same few sockets: what was found is kept by the socket's address.
  function sides(bound: Endpoint, kind: 'loopback' | 'outward'): LocalSides {
    const found = known[kind].get(bound) ?? findSides(bound, kind)
    known[kind].set(bound, found)
    return found
  }

  function findSides(bound: Endpoint, kind: 'loopback' | 'outward'): LocalSides {
    const local = isWildcard(bound.address) ? { address: reachable(bound.address, kind), port: bound.port } : bound
    return { local, advertised: { address: shownFor(local), port: bound.port } }
  }

  /** A phone of IPv6 cannot reach an advertised IPv4 address, nor the other way round; a host name may stand for both. */
  function shownFor({ address }: Endpoint): string {
    if (advertise === null) return address
    return isIP(advertise) === 0 || isSameFamily(advertise, address) ? advertise : address
  }

  function reachable(wildcard: string, kind: 'loopback' | 'outward'): string {
    const family = isIpv6(wildcard) ? outward.ipv6 : outward.ipv4
    const loopback = isIpv6(wildcard) ? '::1' : '127.0.0.1'
    return kind === 'loopback' ? loopback : (family ?? loopback)
  }

  return {
    sidesFor: (bound, remoteAddress) => sides(bound, isLoopback(remoteAddress) ? 'loopback' : 'outward'),
  }
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

/** RFC 1918, RFC 4193 and link-local: seldom anything but a router in between. */
export function isPrivate(address: string): boolean {
  return /^(?:10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2[0-9]|3[01])\.|f[cd]|fe80:)/i.test(address)
}

export function isIpv6(address: string): boolean {
  return address.includes(':')
}

export function isSameFamily(one: string, other: string): boolean {
  return isIpv6(one) === isIpv6(other)
}

function outwardAddresses(): { ipv4: string | undefined; ipv6: string | undefined } {
  const all = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
  return {
    ipv4: all.find(({ family }) => family === 'IPv4')?.address,
    ipv6: all.find(({ family }) => family === 'IPv6')?.address,
  }
}
