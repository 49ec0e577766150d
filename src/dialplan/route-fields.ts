import { form } from '../config/yaml/yaml-schema.js'

export const telephoneWords = 'a telephone number, digits with or without +'

export const trunkName = form('a text', (found) => (found === '' ? null : found))

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
