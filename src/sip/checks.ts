import { isAppError } from '../base/errors.js'
import { parseInteger } from './headers.js'
import type { SipMessage } from './message.js'
import { atSign, endOfWord } from './syntax/characters.js'
import { parseDate } from './syntax/date.js'
import type { HeaderField } from './syntax/field.js'

/** What is wrong with a message: the status a request would be answered with, and the words for it. */
export interface Defect {
  readonly status: 400 | 505 | 513
  readonly reason: string
}

interface Rule {
  readonly name: string
  /** One bit a header that stands once only (RFC 3261 §7.3.1). */
  readonly bit: number
  readonly required: boolean
  /** Null where the value is parsed whole, see `findTypedDefect`, or need not be looked at. */
  readonly isGood: ((value: string) => boolean) | null
}

const digits = (value: string): boolean => parseInteger(value, Number.MAX_VALUE) !== null

/** Headers that stand once only. */
const rules: ReadonlyMap<string, Rule> = new Map(
  (
    [
      { name: 'From', required: true, isGood: null },
      { name: 'To', required: true, isGood: null },
      { name: 'Call-ID', required: true, isGood: isCallId },
      { name: 'CSeq', required: true, isGood: null },
      { name: 'Max-Forwards', required: false, isGood: digits },
      { name: 'Content-Length', required: false, isGood: digits },
      { name: 'Content-Type', required: false, isGood: null },
      { name: 'Date', required: false, isGood: (value: string) => parseDate(value) !== null },
    ] satisfies Omit<Rule, 'bit'>[]
  ).map((rule, index) => [rule.name.toLowerCase(), { ...rule, bit: 1 << index }]),
)
const required = [...rules.values()].filter((rule) => rule.required)
const requiredBits = required.reduce((bits, { bit }) => bits | bit, 0)

/** callid = word [ "@" word ] */
function isCallId(value: string): boolean {
  const end = endOfWord(value, 0, value.length)
  if (end === value.length) return end > 0
  return end > 0 && value.charCodeAt(end) === atSign && end + 1 < value.length && endOfWord(value, end + 1, value.length) === value.length
}

/** Null for a message that everyone may rely on; see `parseMessage` for what that means. */
export function findDefect(message: SipMessage, fields: readonly HeaderField[]): Defect | null {
  return findFieldDefect(fields) ?? findTypedDefect(message)
}

function findFieldDefect(fields: readonly HeaderField[]): Defect | null {
  let seen = 0
  for (const field of fields) {
    const rule = rules.get(field.key)
    if (!rule) continue
    if ((seen & rule.bit) !== 0) return bad(`Repeated ${rule.name}`)
    if (rule.isGood?.(field.value) === false) return bad(`Malformed ${rule.name}`)
    seen |= rule.bit
  }
  if ((seen & requiredBits) === requiredBits) return null
  return bad(`Missing ${required.find(({ bit }) => (seen & bit) === 0)?.name ?? 'header'}`)
}

function findTypedDefect(message: SipMessage): Defect | null {
  try {
    if (message.vias.length === 0) return bad('Missing Via')
    if (message.from.uri === '' || message.to.uri === '' || message.contacts.length < 0) return bad('Missing address')
    const { method } = message.cseq
    return message.kind === 'request' && method !== message.method ? bad('CSeq of another method') : null
  } catch (fault) {
    if (!isAppError(fault, 'SIP_MALFORMED')) throw fault
    return bad(fault.message)
  }
}

export function bad(reason: string): Defect {
  return { status: 400, reason }
}
