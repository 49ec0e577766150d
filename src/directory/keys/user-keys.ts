import { parseSiteName, type SiteName } from '../../base/identity.js'

/** What a programmable key of a phone does. */
export const keyTypes = ['line', 'appearance', 'blf', 'speed', 'feature', 'break-out'] as const

/** A key that follows the user from phone to phone. */
export interface UserKey {
  readonly type: (typeof keyTypes)[number]
  /** A number, an extension or a code; for a break-out a site, and the number there: `london*902079460000`. `''` for a key without one. */
  readonly target: string
  /** The only site where it works; null: it works everywhere. */
  readonly site: SiteName | null
}

const maxKeys = 120

/** `line, blf:101, appearance:104@paris, feature:*21*@london, break-out:london*100`; null for other text. */
export function parseKeys(text: string): readonly UserKey[] | null {
  const items = text.split(',').map((item) => item.trim())
  const keys = items.map(parseKey)
  return items.length > maxKeys || keys.includes(null) ? null : keys.flatMap((key) => key ?? [])
}

function parseKey(text: string): UserKey | null {
  const [, word, target = '', at] = /^([a-z-]+)(?::([^@]{1,65}))?(?:@([a-z0-9-]+))?$/.exec(text) ?? []
  const type = keyTypes.find((each) => each === word)
  const site = at === undefined ? null : parseSiteName(at)
  if (type === undefined || (at !== undefined && site === null)) return null
  return isTarget(type, target) ? { type, target, site } : null
}

function isTarget(type: UserKey['type'], target: string): boolean {
  if (type === 'line') return target === ''
  return type === 'break-out' ? siteAndNumber(target) !== null : /^[+0-9*#]{1,32}$/.test(target)
}

/** A site, and the number that is dialled there; `''`: the caller enters it. */
interface BreakOutTarget {
  readonly site: SiteName
  readonly digits: string
}

function siteAndNumber(target: string): BreakOutTarget | null {
  const [, name = '', digits = ''] = /^([a-z][a-z0-9-]*)(?:\*([+0-9*#]{1,32}))?$/.exec(target) ?? []
  const site = parseSiteName(name)
  return site === null ? null : { site, digits }
}

/** Where a break-out key leads; null for other keys. The code that a phone dials for it depends on the plan of the phone's site. */
export function breakOutOf({ type, target }: UserKey): BreakOutTarget | null {
  return type === 'break-out' ? siteAndNumber(target) : null
}

export function writeKeys(keys: readonly UserKey[]): string {
  return keys.map(keyText).join(', ')
}

export function keyText({ type, target, site }: UserKey): string {
  return `${type}${target === '' ? '' : `:${target}`}${site === null ? '' : `@${site}`}`
}

/** Whether a key works at a phone of that site. A phone's configuration shows the others as dead. */
export function worksAt({ site }: UserKey, at: SiteName): boolean {
  return site === null || site === at
}
