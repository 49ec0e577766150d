import { isIP } from 'node:net'
import { AppError } from '../../../base/errors.js'
import { type Protocol, protocols } from '../../../base/listen-address.js'
import { parseUri, type SipUri } from '../../../sip/uri/uri.js'
import type { Endpoint, Hop } from '../flow.js'
import type { Transports } from '../transports.js'
import { defaultPorts } from './dns-names.js'
import { createNameCache } from './name-cache.js'
import { inOrder, type Names, type NameTarget } from './names.js'

/** RFC 3263 §4: from a URI to the hops to try, best first. */
export interface NextHops {
  /** The hops that need no DNS; null: `find` must ask. Throws what `find` rejects with. `from`: our socket to prefer. */
  findNow(uri: string, from?: Endpoint | null): readonly Hop[] | null
  find(uri: string, from?: Endpoint | null): Promise<readonly Hop[]>
}

export interface NextHopsNeeds {
  readonly names: Names
  readonly transports: Pick<Transports, 'offers' | 'hopTo'>
  readonly clock: { now(): number }
  /** 0 ≤ x < 1; chance by default. */
  readonly random?: () => number
}

/** What a URI wants, before any look-up. */
interface Wish {
  readonly secure: boolean
  /** `transport=`, null without. */
  readonly protocol: Protocol | null
  readonly host: string
  readonly port: number | null
}

export function createNextHops({ names, transports, clock, random = Math.random }: NextHopsNeeds): NextHops {
  const cache = createNameCache({ clock })

  function hopsTo(targets: readonly NameTarget[], from: Endpoint | null, name?: string): readonly Hop[] {
    const hops = inOrder(targets, random)
      .map(({ protocol, address, port }) => transports.hopTo(protocol, { address, port }, name, from))
      .filter((hop) => hop !== null)
    if (hops.length === 0) throw unavailable()
    return hops
  }

  function numericTarget(wish: Wish): NameTarget {
    const protocol = wish.protocol ?? defaultProtocol(wish, (name) => transports.offers(name, wish.host))
    return { protocol, address: wish.host, port: wish.port ?? defaultPorts[protocol], priority: 0, weight: 0 }
  }

  function findNow(uri: string, from: Endpoint | null = null): readonly Hop[] | null {
    const wish = questionOf(uri)
    if (isIP(wish.host) !== 0) return hopsTo([numericTarget(wish)], from)
    const known = cache.get(keyOf(wish))
    return known && hopsTo(known, from, wish.host)
  }

  async function find(uri: string, from: Endpoint | null = null): Promise<readonly Hop[]> {
    const now = findNow(uri, from)
    if (now) return now
    const wish = questionOf(uri)
    const targets = await cache.ask(keyOf(wish), () => names.resolve(wish))
    if (targets.length === 0) throw new AppError('SIP_SEND_FAILED', 'DNS Error')
    return hopsTo(targets, from, wish.host)
  }

  return { findNow, find }
}

function questionOf(text: string): Wish {
  const uri = parseUri(text)
  if (uri?.kind !== 'sip') throw new AppError('SIP_SEND_FAILED', `invalid request-uri: ${text}`)
  const secure = uri.scheme === 'sips'
  const host = uri.params.get('maddr') ?? uri.host
  return { secure, protocol: protocolOf(uri), host: host.replace(/^\[|\]$/g, ''), port: uri.port }
}

/** The protocol that `transport=` names; over `sips` its secure form (RFC 3261 §26.2.2, RFC 7118 §5.4). */
function protocolOf({ scheme, params }: SipUri): Protocol | null {
  const named = params.get('transport')?.toLowerCase()
  if (named === undefined) return null
  const protocol = protocols.find((one) => one === named)
  if (!protocol || (scheme === 'sips' && protocol === 'udp')) throw unavailable()
  if (scheme !== 'sips') return protocol
  return protocol === 'ws' || protocol === 'wss' ? 'wss' : 'tls'
}

/** RFC 3263 §4.1: UDP for sip, TLS for sips; where UDP is not offered here, what is. */
function defaultProtocol({ secure }: Pick<Wish, 'secure'>, offers: (protocol: Protocol) => boolean): Protocol {
  if (secure) return 'tls'
  return (['udp', 'tcp', 'tls'] as const).find(offers) ?? 'udp'
}

function keyOf({ secure, protocol, host, port }: Wish): string {
  return `${secure} ${protocol} ${host.toLowerCase()} ${port}`
}

function unavailable(): AppError {
  return new AppError('SIP_SEND_FAILED', 'requested protocol/transport not available')
}
