import type { Protocol } from '../../../base/listen-address.js'

/** One address to try. */
export interface NameTarget {
  readonly protocol: Protocol
  readonly address: string
  readonly port: number
  /** RFC 2782: the lowest is tried first. */
  readonly priority: number
  /** RFC 2782: share among targets of the same priority. */
  readonly weight: number
}

/** A URI such as `sip:example.com;transport=tcp` in parts. */
export interface NameQuestion {
  readonly secure: boolean
  readonly protocol: Protocol | null
  readonly host: string
  readonly port: number | null
}

/** Resolves host names to targets, in any order; none if the name does not exist or there is no response. */
export interface Names {
  resolve(question: NameQuestion): Promise<readonly NameTarget[]>
}

/** RFC 3263 §4.1: TLS for sips, UDP for sip; if UDP is not offered, another protocol. */
export function defaultProtocol(
  { protocol, secure }: Pick<NameQuestion, 'protocol' | 'secure'>,
  offers: (protocol: Protocol) => boolean,
): Protocol {
  if (protocol) return protocol
  return secure ? 'tls' : ((['udp', 'tcp', 'tls'] as const).find(offers) ?? 'udp')
}

/** RFC 2782: by priority, and within a priority by weighted chance. `random` returns 0 ≤ x < 1. */
export function inOrder(targets: readonly NameTarget[], random: () => number): readonly NameTarget[] {
  if (targets.length < 2) return targets
  const waiting = [...targets].sort((a, b) => a.priority - b.priority || a.weight - b.weight)
  const ordered: NameTarget[] = []
  for (let next = draw(waiting, random); next; next = draw(waiting, random)) ordered.push(next)
  return ordered
}

/** Removes a target of the lowest priority from the sorted list. */
function draw(waiting: NameTarget[], random: () => number): NameTarget | undefined {
  const lowest = waiting[0]?.priority
  const candidates = waiting.filter(({ priority }) => priority === lowest)
  let ticket = random() * candidates.reduce((sum, { weight }) => sum + weight, 0)
  const at = candidates.findIndex(({ weight }) => {
    ticket -= weight
    return ticket < 0
  })
  return waiting.splice(Math.max(at, 0), 1)[0]
}
