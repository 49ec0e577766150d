import { isAppError } from '../../base/errors.js'
import type { HeaderField } from '../headers/header-field.js'
import { hasUriParameters } from '../headers/name-addr.js'
import { isCallId, isMediaType, opaque, rules } from '../lenient/header-rules.js'
import { isExact } from '../message/editable-message.js'
import type { SipMessage } from '../message/message.js'
import { isDigit } from '../syntax/characters.js'

/** What is wrong with a message: the status a request would be answered with, and the words for it. */
export interface Defect {
  readonly status: 400 | 505 | 513
  readonly reason: string
}

export function bad(reason: string): Defect {
  return { status: 400, reason }
}

interface Check {
  /** One bit a header that stands once only (RFC 3261 §7.3.1); 0 for the others. */
  readonly bit: number
  readonly isGood: ((value: string) => boolean) | null
}

/** These are looked at by the typed getters of the message, which keep what they have read. */
const typed: ReadonlySet<string> = new Set(['via', 'from', 'to', 'cseq', 'contact'])
/** The same as the table says, or less that is told at less cost: nobody reads more without checking it. */
const quick: Readonly<Record<string, (value: string) => boolean>> = {
  'call-id': isCallId,
  'content-type': isMediaType,
  'session-expires': (value) => isDigit(value.charCodeAt(0)),
}
const reading = { kind: 'opening', method: '', isFirst: true } as const

const checks: ReadonlyMap<string, Check> = new Map(
  Array.from(rules, ([key, rule], index) => {
    const isGood =
      typed.has(key) || rule.understood === opaque ? null : (quick[key] ?? ((value: string) => rule.understood(value, reading) === value))
    return [key, { bit: rule.isSingle ? 1 << index : 0, isGood }] as const
  }),
)
const requiredBits = ['from', 'to', 'call-id', 'cseq'].reduce((bits, key) => bits | (checks.get(key)?.bit ?? 0), 0)

/**
 * True for a message in which every header of the table is of its form, as nearly all are. Then nothing has to be mended, and the typed getters
 * do not throw.
 */
export function isPlain(message: SipMessage, fields: readonly HeaderField[]): boolean {
  let seen = 0
  for (const field of fields) {
    const check = checks.get(field.key)
    if (!check) continue
    if ((seen & check.bit) !== 0 || check.isGood?.(field.value) === false) return false
    seen |= check.bit
  }
  return (seen & requiredBits) === requiredBits && isTypedPlain(message)
}

/** Whether the typed getters that a message must have give something. */
export function isReadable(message: SipMessage): boolean {
  try {
    return (
      message.topVia.host !== '' && message.from.uri !== '' && message.to.uri !== '' && message.callId !== '' && message.cseq.method !== ''
    )
  } catch (fault) {
    if (!isAppError(fault, 'SIP_MALFORMED')) throw fault
    return false
  }
}

function isTypedPlain(message: SipMessage): boolean {
  try {
    if (message.vias.length === 0 || message.from.uri === '' || message.to.uri === '') return false
    if (message.contacts.some(({ params }) => params.size > 0 && hasUriParameters(params))) return false
    const { method } = message.cseq
    return isExact(message) && (message.kind === 'response' || method === message.method)
  } catch (fault) {
    if (!isAppError(fault, 'SIP_MALFORMED')) throw fault
    return false
  }
}
