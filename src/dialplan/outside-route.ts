import { type NumberPlan, type OutsideNumber, outsideNumber } from './numbers/number-plan.js'
import type { OutsideRoute, Trunk } from './route.js'

/** The keys of a route or a short code that leads outside. */
interface OutsideKeys {
  readonly trunks: readonly string[]
  readonly strip?: number | undefined
  readonly prepend?: string | undefined
  readonly callerId?: string | undefined
}

export interface OutsideRouteNeeds {
  /** Enabled trunks. */
  readonly trunks: readonly Trunk[]
  readonly numbers: NumberPlan
}

/** The route of digits without the outside prefix. */
export type OutsideRoutes = (digits: string, keys: OutsideKeys) => OutsideRoute

export function createOutsideRoutes({ trunks, numbers }: OutsideRouteNeeds): OutsideRoutes {
  const named = new Map(trunks.map((trunk) => [trunk.name, trunk]))
  return (digits, { trunks: names, strip = 0, prepend = '', callerId = null }) => {
    const number = `${prepend}${digits.slice(strip)}`
    let known: OutsideNumber | null = null
    // Whether a stranger calls for help is asked before they are authenticated, and needs no reading of the number, which may take a millisecond.
    const read = (): OutsideNumber => (known ??= outsideNumber(numbers, number, digits))
    return {
      kind: 'outside',
      number,
      get e164() {
        return read().e164
      },
      get numberClass() {
        return read().numberClass
      },
      trunks: names.flatMap((name) => named.get(name) ?? []),
      callerId,
    }
  }
}
