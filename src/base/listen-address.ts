/** Transports of SIP. */
export const protocols = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const
export type Protocol = (typeof protocols)[number]

export interface ListenAddress {
  readonly protocol: Protocol
  /** IP address, IPv6 without brackets. */
  readonly address: string
  /** 0: the system chooses. */
  readonly port: number
}

/** `udp://0.0.0.0:5060`, `tls://[::1]:5061`; null for anything else. */
export function parseListenAddress(text: string): ListenAddress | null {
  const parts = /^([a-z]{2,3}):\/\/(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::([0-9]{1,5}))?$/.exec(text)
  const protocol = protocols.find((name) => name === parts?.[1])
  const address = parts?.[2] ?? parts?.[3]
  if (!protocol || !address) return null
  const port = parts?.[4] === undefined ? sipPortOf(protocol) : Number(parts[4])
  return port <= 65_535 ? { protocol, address, port } : null
}

/** The port of a sent-by without one (RFC 3261 §18.2.2). */
export function sipPortOf(protocol: Protocol): number {
  return protocol === 'tls' || protocol === 'wss' ? 5061 : 5060
}

/**
 * The listen address to which other nodes send calls: `udp:192.0.2.10:5060` for `udp/192.0.2.10:5060`. IPv4 comes first because nodes with
 * both families can use it.
 */
export function addressForNodes(listening: readonly string[]): string {
  const inOrder = [...listening.filter((place) => !place.includes('[')), ...listening.filter((place) => place.includes('['))]
  const reachable = ['udp/', 'tcp/', 'tls/'].flatMap((protocol) => inOrder.filter((place) => place.startsWith(protocol)))
  return (reachable[0] ?? '').replace('/', ':')
}
