import { DateTime } from 'luxon'
import type { Milliseconds } from '../../base/clock.js'

/** A part of a day, in minutes since midnight by the clock on the wall. `to` may lie in the next day (more than 1440). */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Hours of each week, and of dates that differ from the week. */
export interface TimeProfile {
  readonly name: string
  /** Monday first. */
  readonly week: readonly (readonly Span[])[]
  /** `2026-12-24`, or `12-25` for every year → its hours; no hours: the whole day is outside. */
  readonly dates: ReadonlyMap<string, readonly Span[]>
}

const minutesOfDay = 24 * 60

/**
 * Whether the moment is inside the profile by the local clock. When clocks are set back, an hour counts twice; the hour that is skipped when
 * they are set forward does not occur.
 */
export function isInside(profile: TimeProfile, local: DateTime): boolean {
  const minute = local.hour * 60 + local.minute
  const isIn = (spans: readonly Span[], at: number): boolean => spans.some(({ from, to }) => from <= at && at < to)
  return isIn(spansOn(profile, local), minute) || isIn(spansOn(profile, local.minus({ days: 1 })), minute + minutesOfDay)
}

/** A date with its year outweighs a date of every year, which outweighs the week. */
function spansOn({ week, dates }: TimeProfile, day: DateTime): readonly Span[] {
  return dates.get(day.toFormat('yyyy-MM-dd')) ?? dates.get(day.toFormat('MM-dd')) ?? week[day.weekday - 1] ?? []
}

export function localTime(at: Milliseconds, timezone: string): DateTime {
  return DateTime.fromMillis(at, { zone: timezone, locale: 'en' })
}

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** `mon`, `mon-fri`, `fri-mon` → indices of days, Monday 0; null for other text. */
export function parseDays(text: string): readonly number[] | null {
  const [first = '', last = first, ...rest] = text.toLowerCase().split('-')
  const [from, to] = [days.indexOf(first), days.indexOf(last)]
  if (from < 0 || to < 0 || rest.length > 0) return null
  return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, index) => (from + index) % 7)
}

/** `08:00-18:00`; `22:00-06:00` ends in the next day. Null for other text. */
export function parseSpan(text: string): Span | null {
  const [from, to, ...rest] = text.split('-').map((part) => minuteOf(part.trim()))
  if (from === undefined || to === undefined || from === null || to === null || rest.length > 0) return null
  if (from === minutesOfDay || from === to) return null
  return { from, to: to > from ? to : to + minutesOfDay }
}

/** `24:00` is the end of the day. */
function minuteOf(text: string): number | null {
  const [, hour, minute] = /^([01]?[0-9]|2[0-4]):([0-5][0-9])$/.exec(text) ?? []
  const minutes = Number(hour) * 60 + Number(minute)
  return hour === undefined || minutes > minutesOfDay ? null : minutes
}

/** `2026-12-24` or `12-25`, a date of every year. Null for other text. */
export function parseDate(text: string): string | null {
  // 29 February is a date of every leap year.
  const full = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) ? text : /^[0-9]{2}-[0-9]{2}$/.test(text) ? `2024-${text}` : null
  return full !== null && DateTime.fromISO(full).isValid ? text : null
}
