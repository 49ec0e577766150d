import type { FeatureName } from '../../directory/directory.js'
import type { Pattern } from '../pattern.js'

/** The classes of numbers. `other`: free, shared-cost and special numbers, and outside numbers whose class is not known. */
export const numberClasses = ['internal', 'national', 'mobile', 'international', 'premium', 'other'] as const
export type NumberClass = (typeof numberClasses)[number]

/** What these rights are needed for. */
export const uses = ['call', 'forward', 'transfer', 'break-out'] as const
export type Use = (typeof uses)[number]

export const lampRights = ['none', 'state', 'caller'] as const
export type LampRight = (typeof lampRights)[number]

export interface NumberSet {
  readonly classes: readonly NumberClass[]
  readonly patterns: readonly Pattern[]
  /** The first of `patterns` that matches any form of a number; null: none does. */
  readonly first: (forms: readonly string[]) => Pattern | null
}

/** Limits of calls outside; emergency calls do not count. */
export const limitNames = ['callsAtOnce', 'callsPerMinute', 'minutesPerDay'] as const
export type LimitName = (typeof limitNames)[number]
/** A limit that is left out does not apply. */
export type Limits = Readonly<Partial<Record<LimitName, number>>>

/** The numbers that users with these rights may reach, and how. */
export interface Rights {
  readonly name: string
  readonly allow: NumberSet
  readonly bar: NumberSet
  readonly forwardOutside: boolean
  readonly transferOutside: boolean
  readonly breakOut: boolean
  /** What lamps of colleagues show: nothing, their state, or also who calls while a phone rings. */
  readonly lamps: LampRight
  /** Features that may be used; null: all. */
  readonly features: readonly FeatureName[] | null
  /** For each user who has these rights. */
  readonly limits: Limits
}

/** A number to be judged. */
export interface Reached {
  /** Without the outside prefix, in each form in which it is known: as dialled, and E.164 with `+`. */
  readonly forms: readonly string[]
  /** Further forms of the same number, which count for bars alone. They take longer than the rest of a decision. */
  readonly hidden: () => readonly string[]
  readonly numberClass: NumberClass
}

export interface Verdict {
  readonly isAllowed: boolean
  /** `international numbers are barred` */
  readonly words: string
}

/**
 * A pattern is more specific than a class, and a bar outweighs an allowance of the same kind. A number that nothing allows is
 * barred. `reached` null: another site judges the number.
 */
export function judge(rights: Rights, use: Use, reached: Reached | null): Verdict {
  const { allow, bar } = rights
  const limited = limitOf(rights, use)
  if (limited !== null) return { isAllowed: false, words: `${limited} is not allowed` }
  if (reached === null) return { isAllowed: true, words: `${use} is allowed` }
  const { forms, hidden, numberClass } = reached
  const barring = bar.first(forms) ?? (bar.patterns.length > 0 ? bar.first(hidden()) : null)
  const allowing = allow.first(forms)
  if (barring) return { isAllowed: false, words: `numbers that match ${barring.text} are barred` }
  if (allowing) return { isAllowed: true, words: `numbers that match ${allowing.text} are allowed` }
  const isAllowed = allow.classes.includes(numberClass) && !bar.classes.includes(numberClass)
  const numbers = numberClass === 'other' ? 'numbers of the class other' : `${numberClass} numbers`
  return { isAllowed, words: `${numbers} are ${isAllowed ? 'allowed' : 'barred'}` }
}

/** The use that these rights do not include, whatever the number; null if they do. */
function limitOf({ forwardOutside, transferOutside, breakOut }: Rights, use: Use): string | null {
  switch (use) {
    case 'call':
      return null
    case 'forward':
      return forwardOutside ? null : 'forwarding outside'
    case 'transfer':
      return transferOutside ? null : 'transfer outside'
    case 'break-out':
      return breakOut ? null : 'break-out'
  }
}
