/** What a search and the order of a phone book compare. Made once for each entry. */
export interface SearchForm {
  /** Without case and accents, and with numbers of equal length: `desk 000002` comes before `desk 000010`. */
  readonly order: string

  /** The words of the name, in each spelling. */
  readonly words: readonly string[]
  /** The digits of the number. */
  readonly digits: string
}

/** Letters that do not decompose into a base letter and an accent. */
const letters: Readonly<Record<string, string>> = { ß: 'ss', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', æ: 'ae', œ: 'oe', ı: 'i' }
/** The German spelling without umlauts. */
const umlauts: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue' }

export function searchForm({ name, number }: { readonly name: string; readonly number: string }): SearchForm {
  const composed = name.normalize('NFC').toLowerCase()
  const german = composed.replace(/[äöü]/g, (letter) => umlauts[letter] ?? letter)
  const plain = wordsIn(composed)
  const order = plain.map((word) => word.replace(/[0-9]+/g, (count) => count.padStart(6, '0'))).join(' ')
  const words = german === composed ? plain : [...new Set([...plain, ...wordsIn(german)])]
  return { order: `${order} ${number}`, words, digits: digitsIn(number) }
}

/**
 * A test for entries: each word of the text begins a word of the name, without regard to case and accents, or all digits are part of the
 * number. Text without letters or digits matches everything.
 */
export function createSearch(text: string): (form: SearchForm) => boolean {
  const words = wordsIn(text)
  const isNumber = /^[+0-9\s().*#/-]+$/.test(text) && digitsIn(text).length > 1
  // A national number begins with a 0 that the international form does not have.
  const wanted = digitsIn(text).replace(/^0+(?=[0-9])/, '')
  return ({ words: known, digits }) =>
    (isNumber && digits.includes(wanted)) || words.every((word) => known.some((one) => one.startsWith(word)))
}

/** Sorted by name, then by number. */
export function inOrder<Entry>(entries: readonly Entry[], formOf: (entry: Entry) => SearchForm): readonly Entry[] {
  const keyed = entries.map((entry) => ({ entry, order: formOf(entry).order }))
  return keyed.sort((one, other) => (one.order < other.order ? -1 : 1)).map(({ entry }) => entry)
}

function wordsIn(text: string): readonly string[] {
  return text
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}]/gu, '')
    .toLowerCase()
    .replace(/[ßøłđðþæœı]/g, (letter) => letters[letter] ?? letter)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

function digitsIn(text: string): string {
  return text.replace(/[^0-9]/g, '')
}
