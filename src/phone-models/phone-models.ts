import type { Make, PhoneModel } from './contract.js'
import { knownModels } from './known-models.js'
import { readUserAgent } from './user-agent.js'

export type { Make, PhoneModel } from './contract.js'
export { refreshEventsOf } from './refresh-events.js'
export { type PhoneAgent, readUserAgent } from './user-agent.js'
export { type ZoneRules, zoneRules } from './zone-rules.js'

/**
 * The model with that name, with or without the maker's. An unknown one gets what almost every phone of its maker has, so that no key is on a
 * page that does not exist.
 */
export function modelOf(make: Make, model: string | null): PhoneModel {
  const name = withoutMaker(model ?? '', make)
  const { models, otherwise } = knownModels[make]
  const fitting = models.flatMap((one) => one.names.filter((each) => isOf(plain(name), plain(each))).map((each) => ({ one, each })))
  const [closest] = fitting.toSorted((left, right) => plain(right.each).length - plain(left.each).length)
  const { family, keys, perPage, second = null, modules = null } = closest?.one ?? otherwise
  return { make, name, family, keys, perPage, second, modules }
}

/** `T54W` is of the model `T54`, and `T540` is not. */
function isOf(name: string, known: string): boolean {
  return name.startsWith(known) && !/^[0-9]/.test(name.slice(known.length))
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** `Yealink SIP-T54W` is `T54W`. */
function withoutMaker(text: string, make: Make): string {
  const rest = text.toLowerCase().startsWith(make) ? text.slice(make.length) : text
  return rest
    .replace(/^[ _-]{1,3}/, '')
    .replace(/^(?:SIP|CP)-/i, '')
    .slice(0, 40)
}

/** By what a phone calls itself, else by the model in its record. */
export function modelIn(userAgent: string | null, model: string | null): PhoneModel {
  const agent = readUserAgent(userAgent ?? '') ?? null
  const recorded = readUserAgent(model ?? '')
  const make = agent?.make ?? recorded?.make ?? 'generic'
  return modelOf(make, agent?.model ?? recorded?.model ?? model)
}
