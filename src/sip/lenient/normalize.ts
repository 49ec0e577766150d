import { parseCSeq } from '../headers/cseq.js'
import { type HeaderField, newField } from '../headers/header-field.js'
import { type MessageKind, type Rule, rules } from './header-rules.js'

/** A message that is not of the form, as far as it can be understood. */
export interface Mended {
  readonly fields: HeaderField[]
  /** Fields that nobody needs and that are malformed or repeated. */
  readonly leftOut: number
  /** What is wrong with a header that the message means nothing without; null where nothing is. */
  readonly fault: string | null
  /** An emergency call can go on with `fields` all the same. */
  readonly isForgivable: boolean
}

export interface Mending {
  readonly kind: MessageKind
  /** `''` for a response. */
  readonly method: string
  readonly fields: readonly HeaderField[]
  readonly bodyLength: number
}

/** Spells anew what is understood but not of the form, and leaves out what is neither understood nor needed. */
export function mend({ kind, method, fields, bodyLength }: Mending): Mended {
  const kept: HeaderField[] = []
  const firsts = new Map<string, HeaderField>()
  let leftOut = 0
  let fault: string | null = null
  let isForgivable = true

  function fail(words: string, rule: Rule, stead: string | null): void {
    fault ??= words
    if (stead === null) isForgivable = false
    else if (stead !== '') kept.push(newField(rule.name, stead))
  }

  for (const field of fields) {
    const rule = rules.get(field.key)
    const earlier = firsts.get(field.key)
    if (!rule) {
      kept.push(field)
      continue
    }
    const isEssential = rule.essentialFor.some((each) => each === kind || each === method)
    if (rule.isSingle && earlier) {
      leftOut += 1
      if (isEssential && earlier.value !== field.value) fail(`Repeated ${rule.name}`, rule, '')
      continue
    }
    const reading = { kind, method, isFirst: !earlier }
    const value = field.key === 'content-length' ? String(bodyLength) : rule.understood(field.value, reading)
    if (value !== null) {
      firsts.set(field.key, field)
      kept.push(value === field.value ? field : newField(rule.name, value, field.key))
    } else if (isEssential) {
      firsts.set(field.key, field)
      fail(`Malformed ${rule.name}`, rule, rule.understood(field.value, { ...reading, kind: 'following' }) ?? rule.substitute ?? null)
    } else leftOut += 1
  }
  for (const [key, rule] of rules) {
    if (rule.requiredFor.includes(kind) && !firsts.has(key)) fail(`Missing ${rule.name}`, rule, rule.substitute ?? null)
  }
  const cseq = parseCSeq(firsts.get('cseq')?.value ?? '')
  if (fault === null && method !== '' && cseq?.method !== method) {
    fault = 'CSeq of another method'
    isForgivable = false
  }
  return { fields: kept, leftOut, fault, isForgivable }
}
