const mappedIpv4 = '::ffff:'

/**
 * The part of an address that limits are counted by: an IPv4 address (also if mapped to IPv6), or the /64 of an IPv6 address, because one
 * host may use all addresses of its /64. For addresses in the form that sockets report.
 */
export function sourceOf(address: string): string {
  if (!address.includes(':')) return address
  if (address.startsWith(mappedIpv4)) return address.slice(mappedIpv4.length)
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter((group) => group !== '').length
  const all = [...groups, ...Array.from({ length: Math.max(missing, 0) }, () => '0'), ...(tail?.split(':') ?? [])]
  return `${all.slice(0, 4).join(':')}::/64`
}
