import { form, listOf, quote } from '../config/yaml/yaml-schema.js'

export const telephoneWords = 'a telephone number, digits with or without +'

const trunkName = form('a text', (found) => (found === '' ? null : found))

/** The trunks of a route or of a short code, in the order in which they are tried. */
export const trunkNames = listOf(trunkName)
  .refine((names) => names.length > 0, 'expected at least one trunk')
  .refine((names) => repeated(names) === null, {
    error: ({ input }) => `expected each trunk once, found ${quote(repeated(input as readonly string[]) ?? '')} twice`,
  })

/** The first name that the list has more than once; null: none. */
function repeated(names: readonly string[]): string | null {
  return names.find((name, index) => names.indexOf(name) < index) ?? null
}

export function parseTelephone(text: string): string | null {
  return /^\+?[0-9]{2,20}$/.test(text) ? text : null
}

export const telephoneHint = { pattern: '^\\+?[0-9 ().-]{2,40}$', examples: ['+442079460000'] }

export const callerNumber = form(telephoneWords, parseTelephone, telephoneHint)

export const strippedDigits = form('how many digits to take off, 0 to 20', (found) =>
  /^[0-9]{1,2}$/.test(found) && Number(found) <= 20 ? Number(found) : null,
)

export const prependedDigits = form('digits to put in front', (found) => (/^\+?[0-9]{0,20}$/.test(found) ? found : null), {
  pattern: '^\\+?[0-9 ().-]{0,40}$',
})
