import type { Flow } from '../../../transport/flow.js'

/** `udp 192.0.2.7:5060`: one phone, even behind an address that it shares. */
export function flowKey({ protocol, remote }: Pick<Flow, 'protocol' | 'remote'>): string {
  return `${protocol} ${remote.address}:${remote.port}`
}

/** An IPv4 address as it is, an IPv6 one by its first four groups: one host has all of that /64. */
export function sourceOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter((group) => group !== '').length
  const all = [...groups, ...Array.from({ length: Math.max(missing, 0) }, () => '0'), ...(tail?.split(':') ?? [])]
  return `${all.slice(0, 4).join(':')}::/64`
}
