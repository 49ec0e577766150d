import type { z } from 'zod'
import { parseExtension, parseSiteName, type SiteName } from '../../base/identity.js'
import { block, blockOf, form, isBlock } from '../../config/yaml/yaml-schema.js'
import { type Pattern, parsePattern } from '../pattern.js'
import { callerNumber, prependedDigits, strippedDigits, trunkNames } from '../route-fields.js'

const code = form('a pattern of digits, *, #, +, X, Z, N and a last .', (text) => (parsePattern(text) ? text : null), {
  pattern: '^[0-9*#+XZN ().-]*$',
})

const target = form('an extension, with X where a digit of the code is used', (text) =>
  parseExtension(text.replace(/[XZN]/g, '9')) ? parsePattern(text) : null,
)

const forwardedTo = form('a number to dial, with X where a digit of the code is used', (text) =>
  /^\+?[0-9XZN]{2,20}$/.test(text) ? parsePattern(text) : null,
)

const yes = form('yes', (text) => (text === 'yes' ? true : null), { enum: ['yes'] })

/** What a user turns on and off with a code or asks for, and picking up a call that rings at a colleague's phone. */
const features = [
  'pick-up',
  'park',
  'do-not-disturb',
  'do-not-disturb-off',
  'do-not-disturb-toggle',
  'forward-always',
  'forward-always-off',
  'forward-always-toggle',
  'forward-busy',
  'forward-busy-off',
  'forward-no-answer',
  'forward-no-answer-off',
  'forward-not-logged-in',
  'forward-not-logged-in-off',
  'forward-not-reachable',
  'forward-not-reachable-off',
  'who-is-here',
  'message-count',
] as const

export type Feature = (typeof features)[number]

const feature = form(`one of ${features.join(', ')}`, (text) => features.find((name) => name === text) ?? null, { enum: features })

const breakOut = form('a site such as london, or any', (text): SiteName | 'any' | null => (text === 'any' ? text : parseSiteName(text)))

const prompt = form('the name of a prompt such as try-later', (text) => (/^[a-z][a-z0-9-]{0,40}$/.test(text) ? text : null))

/** The keys of which a short code has exactly one. */
const actions = ['extension', 'trunks', 'forward', 'feature', 'breakOut', 'announcement', 'barred'] as const

const shortCode = block({
  extension: target.optional().describe('Calls this user.'),
  trunks: trunkNames.optional().describe('Calls outside over these trunks, in the order in which they are tried.'),
  strip: strippedDigits.optional().describe('Number of leading digits to remove. With `trunks`.'),
  prepend: prependedDigits.optional().describe('Digits to prepend. With `trunks`.'),
  callerId: callerNumber.optional().describe('Caller number. With `trunks`.'),
  forward: forwardedTo.optional().describe('Dials this number.'),
  feature: feature.optional().describe('Uses this feature with the digits that follow the code.'),
  breakOut: breakOut.optional().describe('Dials the digits that follow with the plan of this site. `any`: the site is named before them.'),
  announcement: prompt.optional().describe('Plays this prompt.'),
  barred: yes.optional().describe('Refuses the call with 480 Call Barred.'),
})

export type ShortCode = z.output<typeof shortCode>

/** `shortCodes` of a dial plan. */
export const shortCodesKey = blockOf(
  code,
  shortCode
    .refine(
      (found) => actions.filter((action) => found[action] !== undefined).length === 1,
      `expected exactly one of ${actions.join(', ')}`,
    )
    .refine(
      ({ trunks, strip, prepend, callerId }) => trunks !== undefined || [strip, prepend, callerId].every((key) => key === undefined),
      'strip, prepend and callerId need trunks',
    )
    .meta({ oneOf: actions.map((action) => ({ required: [action] })) }),
)
  .prefault({})
  .describe('Pattern of dialled digits → exactly one action.')

/** What may be dialled for a short code. What follows a feature or break-out code may be left out: then a voice asks, or nothing is needed. */
export function codeForms(code: string, action: unknown): Pattern[] {
  const takesMore = isBlock(action) && (action.feature !== undefined || action.breakOut !== undefined)
  const forms = takesMore && code.endsWith('.') ? [code, code.slice(0, -1)] : [code]
  return forms.flatMap((text) => parsePattern(text) ?? [])
}
