import { isAppError } from '../../base/errors.js'
import type { HeaderField } from '../headers/header-field.js'
import { hasUriParameters } from '../headers/name-addr.js'
import { headerRules, isCallId, isMediaType, opaque } from '../lenient/header-rules.js'
import { isStrictlyParsed } from '../message/editable-message.js'
import type { SipMessage } from '../message/message.js'
import { isDigit } from '../syntax/characters.js'

interface Check {
  /** A bit of its own for a header that must not be repeated (RFC 3261 §7.3.1); 0 for the others. */
  readonly bit: number
  readonly isValid: ((value: string) => boolean) | null
}

/** Checked by the typed getters of the message, which cache their values. */
const typed: ReadonlySet<string> = new Set(['via', 'from', 'to', 'cseq', 'contact'])

/** Cheaper checks in place of the rule's. Whatever they do not check, the reader checks. */
const quick: Readonly<Record<string, (value: string) => boolean>> = {
  'call-id': isCallId,
  'content-type': isMediaType,
  'session-expires': (value) => isDigit(value.charCodeAt(0)),
}
const context = { kind: 'initial', method: '', isFirst: true } as const

const checks: ReadonlyMap<string, Check> = new Map(
  Array.from(headerRules, ([key, rule], index) => {
    const isValid =
      typed.has(key) || rule.normalize === opaque ? null : (quick[key] ?? ((value: string) => rule.normalize(value, context) === value))
    return [key, { bit: rule.isSingle ? 1 << index : 0, isValid }] as const
  }),
)
const requiredBits = ['from', 'to', 'call-id', 'cseq'].reduce((bits, key) => bits | (checks.get(key)?.bit ?? 0), 0)

/**
 * The fast path: whether every header with a rule already follows the grammar, as in nearly all messages. Then nothing needs normalizing, and
 * the typed getters do not throw.
 */
export function isWellFormed(message: SipMessage, fields: readonly HeaderField[]): boolean {
  let seen = 0
  for (const field of fields) {
    const check = checks.get(field.key)
    if (!check) continue
    if ((seen & check.bit) !== 0 || check.isValid?.(field.value) === false) return false
    seen |= check.bit
  }
  return (seen & requiredBits) === requiredBits && hasWellFormedTypedHeaders(message)
}

/** Whether the typed getters of all required headers return a value. */
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

function hasWellFormedTypedHeaders(message: SipMessage): boolean {
  try {
    if (message.vias.length === 0 || message.from.uri === '' || message.to.uri === '') return false
    if (message.contacts.some(({ params }) => params.size > 0 && hasUriParameters(params))) return false
    const { method } = message.cseq
    return isStrictlyParsed(message) && (message.kind === 'response' || method === message.method)
  } catch (fault) {
    if (!isAppError(fault, 'SIP_MALFORMED')) throw fault
    return false
  }
}
