import { IANAZone } from 'luxon'
import type { Milliseconds } from '../base/clock.js'

/** A change of the clock that comes back each year: the last Sunday of March, at 2:00. */
export interface WeekRule {
  /** 1 to 12. */
  readonly month: number
  /** 1 to 4; 5 is the last of the month. */
  readonly week: number
  /** 0 is Sunday. */
  readonly weekday: number
  /** By the clock before the change. */
  readonly hour: number
  readonly minute: number
}

/** A time zone as phones understand it. Phones get rules instead of dates, which would be wrong next year. */
export interface ZoneRules {
  /** IANA name: `Europe/Paris`. */
  readonly name: string
  /** Of standard time, east of UTC. */
  readonly offsetMinutes: number
  /** The same as POSIX writes it, with invented names: `STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00`. */
  readonly posix: string
  /** Null: the clock does not change, or not by a rule of weeks. */
  readonly summer: { readonly savingMinutes: number; readonly start: WeekRule; readonly end: WeekRule } | null
}

const minute: Milliseconds = 60_000
const day: Milliseconds = 24 * 60 * minute

/** So many years show the earliest and the latest day that a rule of weeks may fall on. */
const yearsLooked = 12

const cache = new Map<string, ZoneRules>()

/** The rules in force in `year` and after. Unknown zones are UTC. */
export function zoneRules(zone: string, year: number): ZoneRules {
  const key = `${zone} ${year}`
  const known = cache.get(key)
  if (known) return known
  const rules = rulesOf(zone, year)
  cache.set(key, rules)
  return rules
}

interface Change {
  /** By the clock before the change. */
  readonly local: Date
  readonly before: number
  readonly after: number
}

function rulesOf(name: string, year: number): ZoneRules {
  const zone = IANAZone.create(name)
  if (!zone.isValid) return withPosix({ name: 'UTC', offsetMinutes: 0, summer: null })
  const changes = changesIn(zone, year)
  const starts = changes.filter(({ before, after }) => after > before)
  const ends = changes.filter(({ before, after }) => after < before)
  const [first] = starts
  const [start, end] = [ruleOf(starts), ruleOf(ends)]
  const fixed = { name, offsetMinutes: zone.offset(Date.UTC(year, 0, 1)), summer: null }
  if (!first || !start || !end) return withPosix(fixed)
  return withPosix({ name, offsetMinutes: first.before, summer: { savingMinutes: first.after - first.before, start, end } })
}

/** IEEE Std 1003.1 §8.3: the offset counts west of UTC. */
function withPosix(rules: Omit<ZoneRules, 'posix'>): ZoneRules {
  const { offsetMinutes, summer } = rules
  const standard = `STD${posixOffset(offsetMinutes)}`
  if (summer === null) return { ...rules, posix: standard }
  const changes = [summer.start, summer.end].map(
    ({ month, week, weekday, hour, minute }) => `M${month}.${week}.${weekday}/${two(hour)}:${two(minute)}:00`,
  )
  return { ...rules, posix: [`${standard}DST${posixOffset(offsetMinutes + summer.savingMinutes)}`, ...changes].join(',') }
}

function posixOffset(minutes: number): string {
  const size = Math.abs(minutes)
  const rest = size % 60 === 0 ? '' : `:${two(size % 60)}`
  return `${minutes > 0 ? '-' : '+'}${Math.floor(size / 60)}${rest}`
}

function two(count: number): string {
  return String(count).padStart(2, '0')
}

function changesIn(zone: IANAZone, year: number): Change[] {
  const months = Array.from({ length: yearsLooked * 12 + 1 }, (_, month) => Date.UTC(year, month, 1))
  return months.slice(1).flatMap((to, index) => {
    const from = months[index] ?? to
    const [before, after] = [zone.offset(from), zone.offset(to)]
    if (before === after) return []
    const at = changeBetween(zone, from, to)
    const local = new Date(at + before * minute)
    return [{ local, before, after }]
  })
}

/** The first minute with the offset of `to`, by halving. */
function changeBetween(zone: IANAZone, from: Milliseconds, to: Milliseconds): Milliseconds {
  const before = zone.offset(from)
  let [low, high] = [from, to]
  while (high - low > minute) {
    const middle = low + Math.floor((high - low) / 2 / minute) * minute
    if (zone.offset(middle) === before) low = middle
    else high = middle
  }
  return high
}

/** Null if they are not in the same week of the same month each year. */
function ruleOf(changes: readonly Change[]): WeekRule | null {
  const [first] = changes
  if (!first || changes.length !== yearsLooked) return null
  const month = first.local.getUTCMonth()
  const weekday = first.local.getUTCDay()
  const isSame = ({ local }: Change): boolean => local.getUTCMonth() === month && local.getUTCDay() === weekday
  const days = changes.map(({ local }) => local.getUTCDate())
  const isLast = changes.every(({ local }) => new Date(local.getTime() + 7 * day).getUTCMonth() !== month)
  const week = Math.floor((Math.min(...days) - 1) / 7) + 1
  const isNth = days.every((date) => Math.floor((date - 1) / 7) + 1 === week)
  if (!changes.every(isSame) || (!isLast && !isNth)) return null
  return { month: month + 1, week: isLast ? 5 : week, weekday, hour: first.local.getUTCHours(), minute: first.local.getUTCMinutes() }
}
