import type { NaptrRecord, SrvRecord } from 'node:dns'
import { lookup, Resolver } from 'node:dns/promises'
import type { Protocol } from '../../../base/listen-address.js'
import { defaultProtocol, type NameQuestion, type Names, type NameTarget } from './names.js'

/** The three queries of RFC 3263. Each returns nothing if there is no such record. */
export interface Dns {
  naptr(name: string): Promise<readonly NaptrRecord[]>
  srv(name: string): Promise<readonly SrvRecord[]>
  /** A and AAAA, also from the hosts file. */
  addresses(name: string): Promise<readonly string[]>
  /** Cancels pending queries. */
  close?(): void
}

/**
 * The machine's resolver, or for NAPTR and SRV these servers: `192.0.2.53:53`. A name that does not exist and a resolver that does not respond
 * both give no target.
 */
export function createSystemDns(servers?: readonly string[]): Dns {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  if (servers) resolver.setServers(servers)
  const orNone = <Answer>(answer: Promise<readonly Answer[]>): Promise<readonly Answer[]> => answer.catch(() => [])
  return {
    naptr: (name) => orNone(resolver.resolveNaptr(name)),
    srv: (name) => orNone(resolver.resolveSrv(name)),
    addresses: (name) => orNone(lookup(name, { all: true }).then((found) => found.map(({ address }) => address))),
    close: () => resolver.cancel(),
  }
}

export interface DnsNamesNeeds {
  readonly dns: Dns
  /** Protocols over which requests can be sent. */
  readonly offered: ReadonlySet<Protocol>
}

interface Service {
  readonly protocol: Protocol
  /** The name of the SRV records. */
  readonly name: string
}

/** NAPTR services (RFC 3263 §4.1, RFC 7118 §5.5). */
const naptrServices: ReadonlyMap<string, Protocol> = new Map<string, Protocol>([
  ['SIPS+D2T', 'tls'],
  ['SIP+D2U', 'udp'],
  ['SIP+D2T', 'tcp'],
  ['SIPS+D2W', 'wss'],
  ['SIP+D2W', 'ws'],
])

const srvPrefixes: ReadonlyMap<Protocol, string> = new Map<Protocol, string>([
  ['udp', '_sip._udp.'],
  ['tcp', '_sip._tcp.'],
  ['tls', '_sips._tcp.'],
  ['ws', '_sip._ws.'],
  ['wss', '_sips._ws.'],
])

/** RFC 3263 §4.2; for WebSocket RFC 7118 §5.2. */
export const defaultPorts: Readonly<Record<Protocol, number>> = { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 }

/** RFC 3263 §4.1 and §4.2: NAPTR, then SRV, then A and AAAA. */
export function createDnsNames({ dns, offered }: DnsNamesNeeds): Names {
  async function resolve(question: NameQuestion): Promise<readonly NameTarget[]> {
    const { host, port } = question
    // There is no SRV query if the URI has a port, or if the name has no dot and so comes from the hosts file.
    if (port === null && host.includes('.')) {
      const targets = await serviceTargets(await servicesOf(question))
      if (targets.length > 0) return targets
    }
    const protocol = defaultProtocol(question, (one) => offered.has(one))
    const addresses = await dns.addresses(host)
    return addresses.map((address) => ({ protocol, address, port: port ?? defaultPorts[protocol], priority: 0, weight: 0 }))
  }

  async function servicesOf({ host, protocol, secure }: NameQuestion): Promise<readonly Service[]> {
    const fits = (one: Protocol): boolean => offered.has(one) && (!secure || one === 'tls' || one === 'wss')
    if (protocol) return [{ protocol, name: `${srvPrefixes.get(protocol)}${host}` }]
    const named = naptrTargets(await dns.naptr(host)).filter((one) => fits(one.protocol))
    if (named.length > 0) return named
    const order = (['tls', 'udp', 'tcp'] as const).filter((one) => fits(one) && (secure || one !== 'tls'))
    return order.map((one) => ({ protocol: one, name: `${srvPrefixes.get(one)}${host}` }))
  }

  /** The SRV records of all services. Each later service ranks after all records of the one before. */
  async function serviceTargets(services: readonly Service[]): Promise<readonly NameTarget[]> {
    const perService = await Promise.all(services.map((service, step) => srvTargets(service, step)))
    return perService.flat()
  }

  async function srvTargets({ protocol, name }: Service, step: number): Promise<readonly NameTarget[]> {
    const records = await dns.srv(name)
    const targets = await Promise.all(
      records.map(async (record) => {
        // RFC 2782: the target "." means that the service does not exist.
        const addresses = record.name === '' || record.name === '.' ? [] : await dns.addresses(record.name)
        const rank = { priority: step * 65_536 + record.priority, weight: record.weight }
        return addresses.map((address) => ({ protocol, address, port: record.port, ...rank }))
      }),
    )
    return targets.flat()
  }

  return { resolve }
}

function naptrTargets(records: readonly NaptrRecord[]): readonly Service[] {
  return [...records]
    .sort((a, b) => a.order - b.order || a.preference - b.preference)
    .flatMap(({ flags, service, replacement }) => {
      const protocol = naptrServices.get(service.toUpperCase())
      return protocol && flags.toLowerCase() === 's' && replacement ? [{ protocol, name: replacement }] : []
    })
}
