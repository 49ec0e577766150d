import { type NumberPlan, outsideNumber } from './numbers/number-plan.js'
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
  return (digits, { trunks: names, strip = 0, prepend = '', callerId = null }) => ({
    kind: 'outside',
    ...outsideNumber(numbers, `${prepend}${digits.slice(strip)}`, digits),
    trunks: names.flatMap((name) => trunks.find((trunk) => trunk.name === name) ?? []),
    callerId,
  })
}
