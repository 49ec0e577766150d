import { secretForm } from '../../config/yaml/yaml-schema.js'

const count = (expects: string, most: number) =>
  secretForm(expects, (found) => (/^[1-9][0-9]{0,4}$/.test(found) && Number(found) <= most ? Number(found) : null)).optional()

/** The keys of a trunk for its share of the calls, and for its limits. */
export const trunkLimitKeys = {
  weight: count('a weight of 1 to 1000', 1_000).describe(
    'Share of the calls among neighbours in a route that have a weight too. Default: the order of the route.',
  ),
  maxCalls: count('a number of calls at once, 1 to 10000', 10_000).describe('The most calls at once at each node. Default: no limit.'),
  callsPerMinute: count('a number of calls a minute, 1 to 10000', 10_000).describe(
    'The most calls that begin in a minute at each node. Default: no limit.',
  ),
}

interface TrunkLimitKeys {
  readonly weight?: number | undefined
  readonly maxCalls?: number | undefined
  readonly callsPerMinute?: number | undefined
}

export function trunkLimitsOf({ weight, maxCalls, callsPerMinute }: TrunkLimitKeys) {
  return {
    ...(weight === undefined ? {} : { weight }),
    ...(maxCalls === undefined ? {} : { maxCalls }),
    ...(callsPerMinute === undefined ? {} : { callsPerMinute }),
  }
}
