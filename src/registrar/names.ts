import type { Directory } from '../directory/directory.js'
import { parseUri } from '../sip/uri/uri.js'
import { sameHost } from '../sip/uri/uri-equality.js'
import type { IncomingRequest, SipApplication } from '../srf/srf.js'
import type { BoundContact } from './bindings/record.js'
import { hostOf } from './register/register-request.js'

/**
 * The names and addresses by which phones know this network: its domain, the aliases, and the addresses of its nodes. Behind NAT, or in a
 * container, a node does not know all of its own names. If no aliases are set, it also accepts the name under which a phone has registered
 * with the right password, for requests of that phone.
 */
export interface Names {
  isOurs(host: string, request: Pick<IncomingRequest, 'receivedOn'>): boolean
  /** RFC 3261 §10.3 step 5: whether the address-of-record of an authenticated REGISTER belongs to this network. */
  isServed(register: IncomingRequest): boolean
  /** The name that the phone uses for this network. */
  domainIn(register: IncomingRequest): string
  /** RFC 3261 §8.2.2.1: whether the Request-URI belongs to this network, for a phone with these bindings. */
  isCalled(request: Pick<IncomingRequest, 'uri' | 'receivedOn'>, bindings: readonly Pick<BoundContact, 'domain'>[]): boolean
}

export interface NamesNeeds {
  readonly srf: Pick<SipApplication, 'listening'>
  readonly directory: Pick<Directory, 'nodes'>
  readonly realm: string
  /** `sip.aliases` */
  readonly aliases: readonly string[]
  /** Addresses of this node that its sockets do not show. */
  readonly addresses: readonly string[]
}

export function createNames({ srf, directory, realm, aliases, addresses }: NamesNeeds): Names {
  const fixed = [realm, ...aliases, ...addresses].map(plain)
  const mayLearn = aliases.length === 0

  function isOurs(text: string, { receivedOn }: Pick<IncomingRequest, 'receivedOn'>): boolean {
    const host = plain(text)
    if (fixed.some((name) => sameHost(host, name))) return true
    const nodes = directory.nodes().map(({ sip }) => sip)
    return [receivedOn, ...srf.listening, ...nodes].some((place) => sameHost(host, hostIn(place)))
  }

  return {
    isOurs,
    isServed(register) {
      const domain = hostOf(register.header('to'))
      return isOurs(domain, register) || (mayLearn && sameHost(plain(domain), plain(hostOf(register.uri))))
    },
    domainIn(register) {
      const domain = hostOf(register.header('to'))
      return isOurs(domain, register) ? hostOf(register.uri) : domain
    },
    isCalled(request, bindings) {
      const host = hostOf(request.uri)
      if (host === '' || isOurs(host, request)) return true
      return mayLearn && bindings.some(({ domain }) => domain === '' || sameHost(plain(host), plain(domain)))
    },
  }
}

/** Without the final dot of a complete name, and without the brackets of IPv6. */
function plain(host: string): string {
  return host.replace(/^\[|[\].]$/g, '')
}

/** The host of `udp/192.0.2.10:5060`, `udp:[2001:db8::1]:5060` or `192.0.2.10:5060`. */
function hostIn(place: string): string {
  const uri = parseUri(`sip:${place.replace(/^[a-z]+[/:]/, '')}`)
  return uri?.kind === 'sip' ? uri.host : ''
}
