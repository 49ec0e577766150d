/** A field of a record: an option of `set`, a line of `show`, a key or a column of an import. */
export interface Field<Item, Edit> {
  /** `ringSeconds`; the option is `--ring-seconds`. */
  readonly name: string
  /** Completes "expected …". */
  readonly expects: string
  readonly about: string
  /** The allowed values, if they are a closed list. */
  readonly words?: readonly string[]
  /** The type of the JSON value, if it is not text. */
  readonly kind?: 'number' | 'flag'
  /** The value as text; `''` if there is none. */
  write(item: Item): string
  /** null if the text is invalid. `''` clears the field. */
  read(text: string): Edit | null
}

/** `ringSeconds` → `ring-seconds` */
export function optionOf({ name }: Pick<Field<never, unknown>, 'name'>): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

export const yesOrNo = ['yes', 'no'] as const

export const yesNo = (claim: boolean): string => (claim ? 'yes' : 'no')

/** The text of a field as a JSON value; null if it is empty. */
export function plainValue({ kind }: Pick<Field<never, unknown>, 'kind'>, text: string): string | number | boolean | null {
  if (text === '') return null
  if (kind === 'number') return Number(text)
  return kind === 'flag' ? (readYesNo(text) ?? text) : text
}

const yes = ['yes', 'true', 'on']
const no = ['no', 'false', 'off']

/** Accepts the words of people, spreadsheets and other programs; null for anything else. */
export function readYesNo(text: string): boolean | null {
  const word = text.toLowerCase()
  return yes.includes(word) ? true : no.includes(word) ? false : null
}

/** A number to dial, or nothing. */
export const numberForm = { expects: 'a number, as dialled', matches: (text: string): boolean => /^[+0-9*#]{0,32}$/.test(text) }

/** One line of text that a person can read, or nothing. */
export const textForm = { expects: 'text, on one line', matches: (text: string): boolean => text.length <= 200 && !/\p{Cc}/u.test(text) }
