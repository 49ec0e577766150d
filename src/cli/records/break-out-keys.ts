import type { SiteName } from '../../base/identity.js'
import type { Config } from '../../config/config.js'
import { askNode } from '../../control/control.js'
import { breakOutOf, type Directory, keyText, type User, worksAt } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { asked } from '../operator/asked-nodes.js'
import { fileOf } from '../operator/site-overview.js'
import { readDialplan } from '../settings.js'

/** A break-out key, and what a phone of the site dials for it; null: no code of the site leads there. */
interface BreakOutKey {
  readonly key: string
  readonly dials: string | null
}

interface BreakOutKeyNeeds {
  readonly directory: Directory
  readonly store: Store
  readonly config: Config
}

/** The user's break-out keys at a site, by the plan of a running node or the one on this machine. `unknown`: there is neither. */
async function breakOutKeysAt(user: User, site: SiteName, needs: BreakOutKeyNeeds): Promise<readonly BreakOutKey[] | 'unknown'> {
  const { directory, store, config } = needs
  const keys = user.keys.flatMap((key) => {
    const to = worksAt(key, site) ? breakOutOf(key) : null
    return to ? [{ key: keyText(key), ...to }] : []
  })
  if (keys.length === 0) return []
  const node = directory.nodes().find((each) => each.site === site && each.takes.includes('requests'))?.name ?? null
  const request = { kind: 'breakOutCodes', asked: { wanted: keys.map(({ site: to, digits }) => ({ site: to, digits })) } } as const
  const reply = await asked({ node, site }, directory, (name) => askNode(store, name, request))
  if ('answer' in reply) return keys.map(({ key }, index) => ({ key, dials: reply.answer.codes[index] ?? null }))
  const file = fileOf(site, config)
  if (file === null) return 'unknown'
  const { breakOutCode } = readDialplan({ ...config, site, dialplan: file })
  return keys.map(({ key, site: to, digits }) => ({ key, dials: breakOutCode(to, digits) }))
}

/** How the keys of a user work at phones of a site. */
interface KeysThere {
  readonly dead: readonly string[]
  /** Null: neither a node of the site answers, nor is its dial plan on this machine. */
  readonly breakOut: readonly BreakOutKey[] | null
}

export async function keysAt(user: User, site: SiteName, needs: BreakOutKeyNeeds): Promise<KeysThere> {
  const found = await breakOutKeysAt(user, site, needs)
  const breakOut = found === 'unknown' ? null : found
  const leadNowhere = new Set((breakOut ?? []).flatMap(({ key, dials }) => (dials === null ? [key] : [])))
  const dead = user.keys.filter((key) => !worksAt(key, site) || leadNowhere.has(keyText(key))).map(keyText)
  return { dead, breakOut }
}

/** Lines of a table. */
export function keyRows({ dead, breakOut }: KeysThere, site: SiteName): readonly (readonly [string, string])[] {
  const codes =
    breakOut?.flatMap(({ key, dials }) => (dials === null ? [] : [`${key} dials ${dials}`])).join(', ') ??
    `unknown, no node of ${site} answers`
  return [[`dead at ${site}`, dead.join(', ')], ...(codes === '' ? [] : [[`codes at ${site}`, codes] as const])]
}
