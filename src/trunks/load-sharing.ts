import type { Trunk } from '../dialplan/dialplan.js'

/** 0 ≤ x < 1 */
type Random = () => number

/**
 * The order for one call: neighbours that both have a weight share the calls in proportion to it, like SRV targets of one priority (RFC 2782).
 * A trunk that is down neither moves nor takes part, and the others keep their positions.
 */
export function shared(trunks: readonly Trunk[], isUp: (trunk: Trunk) => boolean, random: Random): readonly Trunk[] {
  const takesPart = (trunk: Trunk | undefined): trunk is Trunk => trunk?.weight !== undefined && isUp(trunk)
  const ordered: Trunk[] = []
  for (let at = 0; at < trunks.length; ) {
    const rest = trunks.slice(at)
    const end = rest.findIndex((trunk) => !takesPart(trunk))
    const group = end === -1 ? rest : rest.slice(0, Math.max(end, 1))
    ordered.push(...(group.length > 1 ? drawn(group, random) : group))
    at += group.length
  }
  return ordered
}

function drawn(group: readonly Trunk[], random: Random): readonly Trunk[] {
  const waiting = [...group]
  const ordered: Trunk[] = []
  while (waiting.length > 0) {
    let ticket = random() * waiting.reduce((sum, { weight = 0 }) => sum + weight, 0)
    const at = waiting.findIndex(({ weight = 0 }) => {
      ticket -= weight
      return ticket < 0
    })
    ordered.push(...waiting.splice(Math.max(at, 0), 1))
  }
  return ordered
}
