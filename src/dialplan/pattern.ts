/**
 * Numbers as a person writes them: digits, `*`, `#`, `+` stand for themselves, `X` for 0–9, `Z` for 1–9, `N` for 2–9,
 * and a last `.` for one or more of anything. Matching is one walk over the digits, without going back.
 */
export interface Pattern {
  readonly text: string
  /** The characters allowed at each place, as bits. */
  readonly places: readonly number[]
  /** Ends with `.` */
  readonly open: boolean
}

const alphabet = '0123456789*#+'

function bitsOf(characters: string): number {
  return Array.from(characters).reduce((bits, character) => bits | (1 << alphabet.indexOf(character)), 0)
}

const classes: ReadonlyMap<string, number> = new Map([
  ...Array.from(alphabet, (character) => [character, bitsOf(character)] as const),
  ['X', bitsOf('0123456789')],
  ['Z', bitsOf('123456789')],
  ['N', bitsOf('23456789')],
])

/** Null where the text is not a pattern. */
export function parsePattern(text: string): Pattern | null {
  const open = text.endsWith('.')
  const places = Array.from(open ? text.slice(0, -1) : text, (character) => classes.get(character) ?? 0)
  const empty = places.length === 0 && !open
  return empty || places.length > 32 || places.includes(0) ? null : { text, places, open }
}

export function matches({ places, open }: Pattern, digits: string): boolean {
  if (open ? digits.length <= places.length : digits.length !== places.length) return false
  return places.every((bits, index) => allows(bits, digits.charAt(index)))
}

function allows(bits: number, character: string): boolean {
  const index = alphabet.indexOf(character)
  return index >= 0 && (bits & (1 << index)) !== 0
}

/** Some digits match both. */
export function overlap(one: Pattern, other: Pattern): boolean {
  return lengthsMeet(one, other) && meet(one, other)
}

function lengthsMeet(one: Pattern, other: Pattern): boolean {
  if (one.open && other.open) return true
  if (one.open) return other.places.length > one.places.length
  return other.open ? one.places.length > other.places.length : one.places.length === other.places.length
}

/** They allow a common character at each place that both have. */
function meet(one: Pattern, other: Pattern): boolean {
  return one.places.every((bits, index) => (bits & (other.places[index] ?? bits)) !== 0)
}

/** Some digits of `one` are the beginning of some longer digits of `other`. */
export function begins(one: Pattern, other: Pattern): boolean {
  const shortest = one.places.length + (one.open ? 1 : 0)
  return (other.open || other.places.length > shortest) && meet(one, other)
}

/** Whatever matches `other` matches `one`: behind `one`, `other` would never be asked. */
export function covers(one: Pattern, other: Pattern): boolean {
  const longEnough = one.open
    ? other.places.length >= one.places.length + (other.open ? 0 : 1)
    : !other.open && other.places.length === one.places.length
  return longEnough && one.places.every((bits, index) => ((other.places[index] ?? 0) & ~bits) === 0)
}

/** The digits that stand where the pattern leaves a choice; null where it does not match. */
export function choices(pattern: Pattern, digits: string): string | null {
  if (!matches(pattern, digits)) return null
  return Array.from(digits)
    .filter((_, index) => isChoice(pattern.places[index] ?? 0))
    .join('')
}

/** Puts digits where the pattern leaves a choice; null where they are too few, too many or not allowed. */
export function fill(pattern: Pattern, chosen: string): string | null {
  const rest = Array.from(chosen)
  const digits = pattern.places.map((bits, index) => (isChoice(bits) ? (rest.shift() ?? '') : pattern.text.charAt(index))).join('')
  return rest.length === 0 && matches(pattern, digits) ? digits : null
}

/** How many places leave a choice. */
export function freedom({ places }: Pattern): number {
  return places.filter(isChoice).length
}

function isChoice(bits: number): boolean {
  return (bits & (bits - 1)) !== 0
}
