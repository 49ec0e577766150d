/** One thing that may be said of a user or a phone: an option of `set`, a line of `show`, a key or a column of an import. */
export interface Field<Item, Edit> {
  /** `ringSeconds`; the option is `--ring-seconds`. */
  readonly name: string
  /** Completes "expected …". */
  readonly expects: string
  readonly about: string
  /** All there are, where they are few. */
  readonly words?: readonly string[]
  /** What a program gets in place of the text. */
  readonly kind?: 'number' | 'flag'
  /** As one would write it; `''` where there is nothing. */
  write(item: Item): string
  /** null: not of that form. `''` takes it away. */
  read(text: string): Edit | null
}

/** `ringSeconds` → `ring-seconds` */
export function optionOf({ name }: Pick<Field<never, unknown>, 'name'>): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

export const yesOrNo = ['yes', 'no'] as const

export const yesNo = (claim: boolean): string => (claim ? 'yes' : 'no')

/** The text of a field as a JSON value; null where there is nothing. */
export function plainValue({ kind }: Pick<Field<never, unknown>, 'kind'>, text: string): string | number | boolean | null {
  if (text === '') return null
  if (kind === 'number') return Number(text)
  return kind === 'flag' ? (readYesNo(text) ?? text) : text
}

const yes = ['yes', 'true', 'on']
const no = ['no', 'false', 'off']

/** As people, spreadsheets and other programs write it; null: neither. */
export function readYesNo(text: string): boolean | null {
  const word = text.toLowerCase()
  return yes.includes(word) ? true : no.includes(word) ? false : null
}

/** A number to dial, or nothing. */
export const numberForm = { expects: 'a number, as dialled', isOne: (text: string): boolean => /^[+0-9*#]{0,32}$/.test(text) }

/** One line of text that a person can read, or nothing. */
export const textForm = { expects: 'text, on one line', isOne: (text: string): boolean => text.length <= 200 && !/\p{Cc}/u.test(text) }
