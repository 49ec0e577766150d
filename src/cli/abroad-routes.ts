import { type Dialplan, judge } from '../dialplan/dialplan.js'

/** Numbers of two countries, because one may be the country of the site. */
const abroad = ['12125550123', '442079460123']
/** How people dial abroad: with `+`, with the prefix of most countries, with that of North America. */
const prefixes = ['+', '00', '011']

/** A sentence about routes for numbers abroad that no rights of the plan allow anybody to call; null: there are none. */
export function barredAbroad({ outside, route, rights, site }: Dialplan): string | null {
  const dialled = abroad.flatMap((number) => prefixes.map((prefix) => `${prefix === '+' ? '' : outside}${prefix}${number}`))
  const reached = dialled.flatMap((digits) => {
    const found = route(digits)
    return found.kind === 'outside' && found.numberClass === 'international' ? [found] : []
  })
  if (reached.length === 0) return null
  const isAllowed = rights.all.some(
    (each) =>
      hasPattern(each) ||
      reached.some(({ number, numberClass }) => judge(each, 'call', { forms: [number], hidden: () => [], numberClass }).isAllowed),
  )
  return isAllowed ? null : `the routes of ${site} lead abroad, but no rights allow international numbers: nobody may call abroad`
}

/** A pattern may allow one country alone. */
function hasPattern({ allow }: Dialplan['rights']['all'][number]): boolean {
  return allow.patterns.some(({ text }) => /^(\+|00|011)/.test(text))
}

/** The migration, as the next step. */
export const allowAbroad =
  'if users may call abroad, add to the dial plan: rights: { default: { allow: [internal, national, mobile, international, other] } }'
