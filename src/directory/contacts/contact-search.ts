/** What a search compares. Made once for each entry. */
export interface SearchForm {
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
  return { words: [...new Set([...wordsIn(composed), ...wordsIn(german)])], digits: digitsIn(number) }
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
