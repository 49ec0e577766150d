/** An entry of a phone book. */
export interface Contact {
  /** `+442079460100`, or a number that is the same at every site. */
  readonly number: string
  readonly name: string
}

/** Characters of a name; phones show 20 to 40. */
const longestName = 100

/** `+44 (0)20 7946-0100` → `+442079460100`; null for text that is not a number. */
export function parseContactNumber(text: string): string | null {
  const plain = text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/^(\s*\+[0-9 ]{1,5})\(0\)/, '$1')
    .replace(/[\s()./\u2010-\u2015-]/g, '')
  return /^\+?[0-9*#]{1,32}$/.test(plain) ? plain : null
}

/** The name without surrounding blanks; null for an empty, long or multi-line text. */
export function parseContactName(text: string): string | null {
  const name = text.normalize('NFC').trim()
  return name === '' || name.length > longestName || /\p{Cc}/u.test(name) ? null : name
}
