export interface HostPort {
  /** IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

/** `0.0.0.0:8080`, `[::]:8080`, `redis.example:26379`; null for anything else. */
export function parseHostPort(text: string): HostPort | null {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):([0-9]+)$/.exec(text)
  const [host, port] = [parts?.[1] ?? parts?.[2], parsePort(parts?.[3])]
  return host === undefined || port === null ? null : { host, port }
}

export function parsePort(text: string | undefined): number | null {
  return text !== undefined && /^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null
}

/** `192.0.2.7:5060`, `[2001:db8::1]`: brackets around IPv6. */
export function printHostPort(host: string, port: number | null): string {
  const shown = host.includes(':') ? `[${host}]` : host
  return port === null ? shown : `${shown}:${port}`
}
