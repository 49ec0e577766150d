import { dialled } from '../../sip/uri/dialled.js'
import { phoneContext } from '../../sip/uri/phone-context.js'
import type { NumberPlan } from './number-plan.js'

/**
 * The number in a URI, completed if it is local to a context that the URI names: `tel:0612345678;phone-context=+33` is +33612345678, and
 * `tel:7042;phone-context=+1-914-555` is +19145557042 (RFC 3966 §5.1.5). Unchanged if no such number can exist.
 */
export function numberIn(uri: string, { e164 }: Pick<NumberPlan, 'e164'>): string {
  return completeNumber(dialled(uri), uri, { e164 })
}

/** The same for digits that the URI stands for. */
export function completeNumber(digits: string, uri: string, { e164 }: Pick<NumberPlan, 'e164'>): string {
  const context = /^[0-9]+$/.test(digits) ? phoneContext(uri) : null
  return context === null ? digits : (e164(`${context}${digits}`) ?? digits)
}
