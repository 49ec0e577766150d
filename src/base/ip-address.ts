import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'

export type Family = 'IPv4' | 'IPv6'

/** Addresses that mean something on one machine, one link or one site only. */
const ranges = {
  loopback: ['127.0.0.0/8', '::1/128'],
  // RFC 3927, RFC 4291 §2.5.6
  linkLocal: ['169.254.0.0/16', 'fe80::/10'],
  // RFC 1918
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  // RFC 4193
  uniqueLocal: ['fc00::/7'],
  // RFC 6598: between a provider's NAT and its customers.
  shared: ['100.64.0.0/10'],
}
type Range = keyof typeof ranges

/** True for an IP address in one of the ranges, also for IPv4 mapped to IPv6 (`::ffff:10.0.0.1`); false for a host name. */
function within(...names: readonly Range[]): (address: string) => boolean {
  const list = new BlockList()
  for (const [network = '', bits] of names.flatMap((name) => ranges[name]).map((range) => range.split('/')))
    list.addSubnet(network, Number(bits), isIPv6(network) ? 'ipv6' : 'ipv4')
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

const isLoopbackAddress = within('loopback')

/** The machine itself, also as `localhost` (RFC 6761 §6.3). */
export function isLoopback(host: string): boolean {
  // The SIP server asks for every message, and the list takes a hundred times longer than these tests.
  if (isIPv4(host)) return host.startsWith('127.')
  return host === 'localhost' || (/^[0:]/.test(host) && isLoopbackAddress(host))
}

export const isLinkLocal = within('linkLocal')
export const isUniqueLocal = within('uniqueLocal')
/** Seldom more than a router away. */
export const isPrivate = within('private', 'uniqueLocal', 'linkLocal')
/** An address outside the public Internet. */
export const isInternal = within('loopback', 'private', 'uniqueLocal', 'linkLocal', 'shared')

/** A socket bound to it receives what is sent to any address of the machine. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::'
}

export function loopbackOf(family: Family): string {
  return family === 'IPv6' ? '::1' : '127.0.0.1'
}

/** Where a client on this machine reaches a socket that is bound to `address`. */
export function localTarget(address: string): string {
  return isWildcard(address) ? loopbackOf(familyOf(address) ?? 'IPv4') : address
}

/** Null for a host name. */
export function familyOf(host: string): Family | null {
  const version = isIP(host)
  if (version === 0) return null
  return version === 6 ? 'IPv6' : 'IPv4'
}

/** The spelling of sockets: IPv6 compressed and in lower case. IPv4 mapped to IPv6 (`::ffff:192.0.2.1`) becomes IPv4. */
export function canonicalAddress(address: string): string {
  // A URL cannot contain the zone of a link-local address (`fe80::1%eth0`).
  const [bare = '', zone] = address.split('%')
  const short = isIPv6(bare) ? new URL(`http://[${bare}]/`).hostname.slice(1, -1) + (zone === undefined ? '' : `%${zone}`) : address
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short)
  if (!mapped) return short
  const bytes = mapped.slice(1).flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff])
  return bytes.join('.')
}
