import type { StreamEntry } from '../../store/store.js'
import { timeOf } from './entries.js'

/** Refusals of one user for one reason. */
export interface Refused {
  /** The user; `test call`: an operator's; `''` if the call was not a user's. */
  readonly user: string
  /** The phone of the last one. */
  readonly device: string
  /** `barred international`, `limit callsAtOnce`, `not entitled outside` */
  readonly what: string
  readonly calls: number
  /** `''`: the event names none. */
  readonly lastNumber: string
  /** Epoch milliseconds. */
  readonly last: number
  /** Of the last one: which rights, limits or profile refused it. */
  readonly reason: string
}

/** Calls that look like an attack. */
export interface Suspicion {
  readonly user: string
  readonly device: string
  readonly at: number
  /** A sentence. */
  readonly words: string
}

const hourMs = 60 * 60 * 1_000

/** Different numbers abroad or premium numbers of one user within an hour. People call few. */
const manyNumbers = 5
/** Refused calls of one user within an hour. People give up, programs do not. */
const manyRefusals = 10

const said = ({ fields }: StreamEntry, name: string): string => fields.get(name) ?? ''
const isRefusal = (entry: StreamEntry): boolean => refusals.has(said(entry, 'event'))

/** Event → what was refused. */
const refusals: ReadonlyMap<string, (entry: StreamEntry) => string> = new Map([
  ['call.barred', (entry) => `barred ${said(entry, 'class')}`],
  ['call.limited', (entry) => `limit ${said(entry, 'limit')}`],
  ['entitlement.refused', (entry) => `not entitled ${said(entry, 'entitlement')}`],
])

/** A test call is an operator's, not that of the user for whom it was made. */
const userOf = (entry: StreamEntry): string => (said(entry, 'via') === 'test-call' ? 'test call' : said(entry, 'user'))

/** Events that were left out of the stream count as well. */
function callsIn(entry: StreamEntry): number {
  return 1 + Number(said(entry, 'more') || 0)
}

/** Entries oldest first; the answer has the newest refusal last. */
export function refusedIn(entries: readonly StreamEntry[]): readonly Refused[] {
  const groups = new Map<string, Refused>()
  for (const entry of entries) {
    const what = refusals.get(said(entry, 'event'))?.(entry)
    if (what === undefined) continue
    const key = `${userOf(entry)} ${what}`
    const calls = (groups.get(key)?.calls ?? 0) + callsIn(entry)
    groups.delete(key)
    groups.set(key, {
      user: userOf(entry),
      device: said(entry, 'device'),
      what,
      calls,
      lastNumber: said(entry, 'number'),
      last: timeOf(entry),
      reason: said(entry, 'reason'),
    })
  }
  return [...groups.values()]
}

/** Entries oldest first, as far back as they are kept: a number is new if none of them has it. */
export function suspicionsIn(entries: readonly StreamEntry[]): readonly Suspicion[] {
  const found = [...newNumbersAtNight(entries), ...bursts(entries, manyNumbersIn), ...bursts(entries, refusalsIn)]
  return found.toSorted((one, other) => one.at - other.at)
}

function newNumbersAtNight(entries: readonly StreamEntry[]): readonly Suspicion[] {
  const known = new Set<string>()
  return entries.filter(isCostly).flatMap((entry) => {
    const number = said(entry, 'number')
    const isNew = !known.has(number)
    known.add(number)
    if (!isNew || !isNight(said(entry, 'local'))) return []
    return [
      suspicion(entry, `${number} (${said(entry, 'class')}) was called for the first time, at night: ${said(entry, 'local')} at the site`),
    ]
  })
}

function isCostly(entry: StreamEntry): boolean {
  return said(entry, 'event') === 'call.costly'
}

/** `2026-03-29 23:10`, by the clock of the site. */
function isNight(local: string): boolean {
  const hour = Number(/ ([0-9]{2}):/.exec(local)?.[1] ?? 12)
  return hour >= 20 || hour < 7
}

/** What the calls of one user within an hour show; null: nothing. */
type BurstRule = (hour: readonly StreamEntry[]) => string | null

function manyNumbersIn(hour: readonly StreamEntry[]): string | null {
  const numbers = new Set(hour.filter(isCostly).map((entry) => said(entry, 'number')))
  return numbers.size >= manyNumbers ? `${numbers.size} different numbers abroad or premium numbers were called within an hour` : null
}

function refusalsIn(hour: readonly StreamEntry[]): string | null {
  const calls = hour.filter(isRefusal).reduce((sum, entry) => sum + callsIn(entry), 0)
  return calls >= manyRefusals ? `${calls} calls were refused within an hour` : null
}

/** Each burst once: the hours are counted from the first call after the previous one. */
function bursts(entries: readonly StreamEntry[], rule: BurstRule): readonly Suspicion[] {
  return [...hoursByUser(entries)].flatMap((hour) => {
    const [first, words] = [hour[0], rule(hour)]
    return first && words !== null ? [suspicion(first, words)] : []
  })
}

function* hoursByUser(entries: readonly StreamEntry[]): Iterable<readonly StreamEntry[]> {
  const open = new Map<string, StreamEntry[]>()
  for (const entry of entries.filter((each) => isCostly(each) || isRefusal(each))) {
    const user = userOf(entry)
    const hour = open.get(user)
    const first = hour?.[0]
    if (hour && first && timeOf(entry) - timeOf(first) < hourMs) hour.push(entry)
    else {
      if (hour) yield hour
      open.set(user, [entry])
    }
  }
  yield* open.values()
}

function suspicion(entry: StreamEntry, words: string): Suspicion {
  return { user: userOf(entry), device: said(entry, 'device'), at: timeOf(entry), words }
}
