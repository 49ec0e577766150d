import type { NaptrRecord, SrvRecord } from 'node:dns'
import { lookup, Resolver } from 'node:dns/promises'
import type { Protocol } from '../../../base/listen-address.js'
import type { NameQuestion, Names, NameTarget } from './names.js'

/** The three questions of RFC 3263; each answers nothing where there is no such record. A test answers them from a table. */
export interface Dns {
  naptr(name: string): Promise<readonly NaptrRecord[]>
  srv(name: string): Promise<readonly SrvRecord[]>
  /** A and AAAA, the hosts file included. */
  addresses(name: string): Promise<readonly string[]>
  /** Gives up what is still being asked. */
  close?(): void
}

/** The machine's resolver. A name that does not exist and a resolver that is silent look the same to a call: no target. */
export function createSystemDns(): Dns {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
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
  /** The protocols that requests can be sent by. */
  readonly offered: ReadonlySet<Protocol>
}

interface Service {
  readonly protocol: Protocol
  /** The name of the SRV records. */
  readonly name: string
}

/** NAPTR services (RFC 3263 §4.1, RFC 7118 §5.5), secure ones first where a NAPTR set leaves the choice. */
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

/** RFC 3263 §4.2; RFC 7118 §5.2 leaves WebSocket the ports of the web. */
export const defaultPorts: Readonly<Record<Protocol, number>> = { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 }

/** RFC 3263 §4.1 and §4.2: NAPTR, then SRV, then A and AAAA. */
export function createDnsNames({ dns, offered }: DnsNamesNeeds): Names {
  async function resolve(question: NameQuestion): Promise<readonly NameTarget[]> {
    const { host, port } = question
    // A port in the URI ends the search for SRV; a name without a dot is a neighbour in the hosts file, not a domain.
    if (port === null && host.includes('.')) {
      const targets = await serviceTargets(await servicesOf(question))
      if (targets.length > 0) return targets
    }
    const protocol = defaultOf(question)
    const addresses = await dns.addresses(host)
    return addresses.map((address) => ({ protocol, address, port: port ?? defaultPorts[protocol], priority: 0, weight: 0 }))
  }

  function defaultOf({ protocol, secure }: NameQuestion): Protocol {
    if (protocol) return protocol
    if (secure) return 'tls'
    return (['udp', 'tcp', 'tls'] as const).find((one) => offered.has(one)) ?? 'udp'
  }

  async function servicesOf({ host, protocol, secure }: NameQuestion): Promise<readonly Service[]> {
    const fits = (one: Protocol): boolean => offered.has(one) && (!secure || one === 'tls' || one === 'wss')
    if (protocol) return [{ protocol, name: `${srvPrefixes.get(protocol)}${host}` }]
    const named = naptrTargets(await dns.naptr(host)).filter((one) => fits(one.protocol))
    if (named.length > 0) return named
    const order = (['tls', 'udp', 'tcp'] as const).filter((one) => fits(one) && (secure || one !== 'tls'))
    return order.map((one) => ({ protocol: one, name: `${srvPrefixes.get(one)}${host}` }))
  }

  /** All SRV records of all services; a service that comes later is a step lower in priority. */
  async function serviceTargets(services: readonly Service[]): Promise<readonly NameTarget[]> {
    const perService = await Promise.all(services.map((service, step) => srvTargets(service, step)))
    return perService.flat()
  }

  async function srvTargets({ protocol, name }: Service, step: number): Promise<readonly NameTarget[]> {
    const records = await dns.srv(name)
    const targets = await Promise.all(
      records.map(async (record) => {
        // RFC 2782: a target of "." says that the service is decidedly not there.
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
