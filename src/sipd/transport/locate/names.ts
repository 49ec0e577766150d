import type { Protocol } from '../../../base/listen-address.js'

/** One address to try. */
export interface NameTarget {
  readonly protocol: Protocol
  readonly address: string
  readonly port: number
  /** RFC 2782: the lowest first. */
  readonly priority: number
  /** RFC 2782: the share among those of one priority. */
  readonly weight: number
}

/** What is to be found: `sip:example.com;transport=tcp` in parts. */
export interface NameQuestion {
  readonly secure: boolean
  readonly protocol: Protocol | null
  readonly host: string
  readonly port: number | null
}

/** Host names to targets in any order; none where the name does not exist or nobody answers. */
export interface Names {
  resolve(question: NameQuestion): Promise<readonly NameTarget[]>
}

/** RFC 2782: by priority, and within one by weighted chance. `random` answers 0 ≤ x < 1. */
export function inOrder(targets: readonly NameTarget[], random: () => number): readonly NameTarget[] {
  if (targets.length < 2) return targets
  const waiting = [...targets].sort((a, b) => a.priority - b.priority || a.weight - b.weight)
  const ordered: NameTarget[] = []
  for (let next = draw(waiting, random); next; next = draw(waiting, random)) ordered.push(next)
  return ordered
}

/** Takes one of the lowest priority out of the sorted list. */
function draw(waiting: NameTarget[], random: () => number): NameTarget | undefined {
  const lowest = waiting[0]?.priority
  const rivals = waiting.filter(({ priority }) => priority === lowest)
  let ticket = random() * rivals.reduce((sum, { weight }) => sum + weight, 0)
  const at = rivals.findIndex(({ weight }) => {
    ticket -= weight
    return ticket < 0
  })
  return waiting.splice(Math.max(at, 0), 1)[0]
}
