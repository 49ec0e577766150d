import type { z } from 'zod'
import { parseExtension } from '../../base/identity.js'
import { block, blockOf, form, listOf } from '../../config/yaml/yaml-schema.js'
import { parsePattern } from '../pattern.js'
import { callerNumber, prependedDigits, strippedDigits, trunkName } from '../route-fields.js'

const code = form('a pattern of digits, *, #, +, X, Z, N and a last .', (text) => (parsePattern(text) ? text : null))

const target = form('an extension, with X where a digit of the code is used', (text) =>
  parseExtension(text.replace(/[XZN]/g, '9')) ? parsePattern(text) : null,
)

const forwardedTo = form('a number to dial, with X where a digit of the code is used', (text) =>
  /^\+?[0-9XZN]{2,20}$/.test(text) ? parsePattern(text) : null,
)

const yes = form('yes', (text) => (text === 'yes' ? true : null))

/** The keys of which a short code has exactly one. */
const actions = ['extension', 'trunks', 'forward', 'barred'] as const

const shortCode = block({
  extension: target.optional(),
  trunks: listOf(trunkName).optional(),
  strip: strippedDigits.optional(),
  prepend: prependedDigits.optional(),
  callerId: callerNumber.optional(),
  forward: forwardedTo.optional(),
  barred: yes.optional(),
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
    ),
).prefault({})
