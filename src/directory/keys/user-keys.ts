import { parseSiteName, type SiteName } from '../../base/identity.js'

/** What a programmable key of a phone does. */
export const keyTypes = ['line', 'appearance', 'blf', 'speed', 'feature', 'break-out', 'park', 'pick-up', 'forward', 'dnd', 'text'] as const

/** A key that follows the user from phone to phone. */
export interface UserKey {
  readonly type: (typeof keyTypes)[number]
  /**
   * A number, an extension or a code; for a break-out a site, and the number there: `london*902079460000`; for `park` the orbit; for `pick-up`
   * whose call, or `''` for anybody's. `''` for a key without one.
   */
  readonly target: string
  /** The only site where it works; null: it works everywhere. */
  readonly site: SiteName | null
  /** The text on the display; null: the phone shows one by the target. */
  readonly label: string | null
}

const maxKeys = 120

/** Longest label. Phones show less, and cut it. */
const maxLabel = 40

/** `line, blf:101="Anna", appearance:104@paris, feature:*21*@london, break-out:london*100`; null for other text. */
export function parseKeys(text: string): readonly UserKey[] | null {
  const items = itemsIn(text)
  const keys = items.map(parseKey)
  return items.length > maxKeys || keys.includes(null) ? null : keys.flatMap((key) => key ?? [])
}

/** The commas of a label, which stands between quotes, separate nothing. */
function itemsIn(text: string): readonly string[] {
  const items = ['']
  text.split('"').forEach((part, index) => {
    const [first = '', ...others] = index % 2 === 0 ? part.split(',') : [part]
    items.push((items.pop() ?? '') + (index === 0 ? first : `"${first}`), ...others)
  })
  return items.map((item) => item.trim())
}

function parseKey(text: string): UserKey | null {
  const [, word, target = '', at, label = null] = /^([a-z-]+)(?::([^@="]{1,65}))?(?:@([a-z0-9-]+))?(?:="([^"]+)")?$/.exec(text) ?? []
  const type = keyTypes.find((each) => each === word)
  const site = at === undefined ? null : parseSiteName(at)
  if (type === undefined || (at !== undefined && site === null) || (label !== null && !isLabel(label))) return null
  return isTarget(type, target) ? { type, target, site, label } : null
}

function isLabel(text: string): boolean {
  return text.length <= maxLabel && text.trim() !== '' && !/[\p{Cc}\u2028\u2029]/u.test(text)
}

function isTarget(type: UserKey['type'], target: string): boolean {
  if (type === 'line' || type === 'dnd' || type === 'text') return target === ''
  if (type === 'break-out') return siteAndNumber(target) !== null
  if (type === 'park') return /^[0-9]{1,8}$/.test(target)
  if (type === 'pick-up') return /^[0-9]{0,15}$/.test(target)
  return /^[+0-9*#]{1,32}$/.test(target)
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

export function keyText({ type, target, site, label }: UserKey): string {
  return `${type}${target === '' ? '' : `:${target}`}${site === null ? '' : `@${site}`}${label === null ? '' : `="${label}"`}`
}

/** Whether a key works at a phone of that site. A phone's configuration shows the others as dead. */
export function worksAt({ site }: UserKey, at: SiteName): boolean {
  return site === null || site === at
}
