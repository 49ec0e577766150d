import { isIP } from 'node:net'
import { type AppError, errors } from '../../../base/errors.js'
import { type Protocol, protocols } from '../../../base/listen-address.js'
import { parseUri, type SipUri } from '../../../sip/uri/uri.js'
import type { Endpoint, Hop } from '../flow.js'
import type { Transports } from '../transports.js'
import { defaultPorts } from './dns-names.js'
import { createNameCache } from './name-cache.js'
import { defaultProtocol, inOrder, type NameQuestion, type Names, type NameTarget } from './names.js'

/** The hops to try for a URI, best first (RFC 3263 §4). */
export interface NextHops {
  /** The hops, if no DNS query is needed; null: call `find`. Throws what `find` rejects with. `from`: our preferred socket. */
  findNow(uri: string, from?: Endpoint | null): readonly Hop[] | null
  find(uri: string, from?: Endpoint | null): Promise<readonly Hop[]>
}

export interface NextHopsNeeds {
  readonly names: Names
  readonly transports: Pick<Transports, 'offers' | 'hopTo'>
  readonly clock: { now(): number }
  /** 0 ≤ x < 1; `Math.random` by default. */
  readonly random?: () => number
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

  function numericTarget(question: NameQuestion): NameTarget {
    const protocol = defaultProtocol(question, (name) => transports.offers(name, question.host))
    return { protocol, address: question.host, port: question.port ?? defaultPorts[protocol], priority: 0, weight: 0 }
  }

  function findNow(uri: string, from: Endpoint | null = null): readonly Hop[] | null {
    const question = questionOf(uri)
    if (isIP(question.host) !== 0) return hopsTo([numericTarget(question)], from)
    const known = cache.get(keyOf(question), () => names.resolve(question))
    return known && hopsTo(known, from, question.host)
  }

  async function find(uri: string, from: Endpoint | null = null): Promise<readonly Hop[]> {
    const now = findNow(uri, from)
    if (now) return now
    const question = questionOf(uri)
    const targets = await cache.resolve(keyOf(question), () => names.resolve(question))
    if (targets.length === 0) throw errors.SIP_SEND_FAILED.noTarget()
    return hopsTo(targets, from, question.host)
  }

  return { findNow, find }
}

function questionOf(text: string): NameQuestion {
  const uri = parseUri(text)
  if (uri?.kind !== 'sip') throw errors.SIP_SEND_FAILED.requestUri({ uri: text })
  const secure = uri.scheme === 'sips'
  const host = uri.params.get('maddr') ?? uri.host
  return { secure, protocol: protocolOf(uri), host: host.replace(/^\[|\]$/g, ''), port: uri.port }
}

/** The protocol of `transport=`, for `sips` in its secure form (RFC 3261 §26.2.2, RFC 7118 §5.4); null without the parameter. */
function protocolOf({ scheme, params }: SipUri): Protocol | null {
  const named = params.get('transport')?.toLowerCase()
  if (named === undefined) return null
  const protocol = protocols.find((one) => one === named)
  if (!protocol || (scheme === 'sips' && protocol === 'udp')) throw unavailable()
  if (scheme !== 'sips') return protocol
  return protocol === 'ws' || protocol === 'wss' ? 'wss' : 'tls'
}

function keyOf({ secure, protocol, host, port }: NameQuestion): string {
  return `${secure} ${protocol} ${host.toLowerCase()} ${port}`
}

function unavailable(): AppError {
  return errors.SIP_SEND_FAILED.transport()
}
