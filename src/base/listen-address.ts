/** What a SIP server can listen on. */
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
  const port = parts?.[4] === undefined ? defaultPort(protocol) : Number(parts[4])
  return port <= 65_535 ? { protocol, address, port } : null
}

function defaultPort(protocol: Protocol): number {
  return protocol === 'tls' || protocol === 'wss' ? 5061 : 5060
}
