import type { SiteName } from '../../base/identity.js'
import { fixedLength, parsePattern } from '../pattern.js'
import type { Dialplan, Route } from '../route.js'
import type { ShortCode } from './short-code.js'

export interface BreakOutCodeNeeds {
  readonly site: SiteName
  readonly shortCodes: Readonly<Record<string, ShortCode>>
  readonly route: (digits: string) => Route
}

/** The opposite of `route` for break-outs. */
export function createBreakOutCode({ site: own, shortCodes, route }: BreakOutCodeNeeds): Dialplan['breakOutCode'] {
  const prefixes = Object.entries(shortCodes).flatMap(([code, { breakOut }]) => {
    const pattern = breakOut === undefined ? null : parsePattern(code)
    const isPrefix = pattern?.open === true && fixedLength(pattern) === pattern.positions.length
    return isPrefix ? [{ prefix: code.slice(0, -1), to: breakOut }] : []
  })

  function leadsTo(code: string, site: SiteName, digits: string): boolean {
    const found = route(code)
    return found.kind === 'break-out' && found.site === site && found.digits === digits
  }

  return (site, digits) => {
    // A break-out to this site simply dials; there is nothing to ask for.
    if (site === own) return digits === '' ? null : digits
    const direct = prefixes.flatMap(({ prefix, to }) => (to === site ? [`${prefix}${digits}`] : []))
    // A phone can send letters by a key, if not by its own ones.
    const named = prefixes.flatMap(({ prefix, to }) => (to === 'any' ? [`${prefix}${site}*${digits}`] : []))
    return [...direct, ...named].find((code) => leadsTo(code, site, digits)) ?? null
  }
}
