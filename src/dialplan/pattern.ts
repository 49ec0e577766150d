/**
 * A pattern of dialled digits: digits, `*`, `#` and `+` stand for themselves, `X` for 0–9, `Z` for 1–9, `N` for 2–9, and a final `.` for one
 * or more characters. Matching is one pass over the digits, without backtracking.
 */
export interface Pattern {
  readonly text: string
  /** The characters allowed at each position, as a bit set. */
  readonly positions: readonly number[]
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

/** Null if the text is not a pattern. */
export function parsePattern(text: string): Pattern | null {
  const open = text.endsWith('.')
  const positions = Array.from(open ? text.slice(0, -1) : text, (character) => classes.get(character) ?? 0)
  const empty = positions.length === 0 && !open
  return empty || positions.length > 32 || positions.includes(0) ? null : { text, positions, open }
}

export function matches({ positions, open }: Pattern, digits: string): boolean {
  if (open ? digits.length <= positions.length : digits.length !== positions.length) return false
  return positions.every((bits, index) => (bits & bitOf(digits, index)) !== 0)
}

/** By character code. */
const bitOfCode = Uint16Array.from({ length: 128 }, (_, code) => {
  const index = alphabet.indexOf(String.fromCharCode(code))
  return index < 0 ? 0 : 1 << index
})

/** The bit in `positions` of the character at that index; 0 if no pattern names it. */
export function bitOf(digits: string, index: number): number {
  return bitOfCode[digits.charCodeAt(index)] ?? 0
}

/** Whether some digits match both. */
export function overlap(one: Pattern, other: Pattern): boolean {
  return lengthsMeet(one, other) && meet(one, other)
}

function lengthsMeet(one: Pattern, other: Pattern): boolean {
  if (one.open && other.open) return true
  if (one.open) return other.positions.length > one.positions.length
  return other.open ? one.positions.length > other.positions.length : one.positions.length === other.positions.length
}

/** Whether they allow a common character at each position that both have. */
function meet({ positions }: Pattern, other: Pattern): boolean {
  for (let index = 0; index < positions.length && index < other.positions.length; index += 1)
    if (((positions[index] ?? 0) & (other.positions[index] ?? 0)) === 0) return false
  return true
}

/** Whether some digits of `one` are the beginning of longer digits of `other`. */
export function begins(one: Pattern, other: Pattern): boolean {
  const shortest = one.positions.length + (one.open ? 1 : 0)
  return (other.open || other.positions.length > shortest) && meet(one, other)
}

/** Whether `one` matches everything that `other` matches, so that `other` after `one` is never used. */
export function covers(one: Pattern, other: Pattern): boolean {
  const longEnough = one.open
    ? other.positions.length >= one.positions.length + (other.open ? 0 : 1)
    : !other.open && other.positions.length === one.positions.length
  return longEnough && one.positions.every((bits, index) => ((other.positions[index] ?? 0) & ~bits) === 0)
}

/** The digits at the wildcard positions; null if the pattern does not match. */
export function choices(pattern: Pattern, digits: string): string | null {
  if (!matches(pattern, digits)) return null
  return Array.from(digits)
    .filter((_, index) => isWildcard(pattern.positions[index] ?? 0))
    .join('')
}

/** Fills the wildcard positions with digits; null if they are too few, too many or not allowed. */
export function fill(pattern: Pattern, chosen: string): string | null {
  const rest = Array.from(chosen)
  const digits = pattern.positions.map((bits, index) => (isWildcard(bits) ? (rest.shift() ?? '') : pattern.text.charAt(index))).join('')
  return rest.length === 0 && matches(pattern, digits) ? digits : null
}

/** Number of characters before the first that is open. */
export function fixedLength({ positions }: Pattern): number {
  const first = positions.findIndex(isWildcard)
  return first < 0 ? positions.length : first
}

/** Number of wildcard positions. */
export function wildcards({ positions }: Pattern): number {
  return positions.filter(isWildcard).length
}

function isWildcard(bits: number): boolean {
  return (bits & (bits - 1)) !== 0
}
