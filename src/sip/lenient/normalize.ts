import { parseCSeq } from '../headers/cseq.js'
import { type HeaderField, newField } from '../headers/header-field.js'
import { headerRules, type MessageKind, type Rule } from './header-rules.js'

/** The fields of a message in the form that the grammar requires, as far as they can be understood. */
export interface NormalizedFields {
  readonly fields: HeaderField[]
  /** Number of fields dropped because they are malformed or repeated, and not essential. */
  readonly leftOut: number
  /** The first problem with an essential header; null if there is none. */
  readonly fault: string | null
  /** An emergency call can be handled with `fields` despite the fault. */
  readonly isSalvageable: boolean
}

export interface ReceivedFields {
  readonly kind: MessageKind
  /** `''` for a response. */
  readonly method: string
  readonly fields: readonly HeaderField[]
  readonly bodyLength: number
}

/** Rewrites fields that can be understood but break the grammar, and drops fields that are neither understood nor essential. */
export function normalizeFields({ kind, method, fields, bodyLength }: ReceivedFields): NormalizedFields {
  const kept: HeaderField[] = []
  const firsts = new Map<string, HeaderField>()
  let leftOut = 0
  let fault: string | null = null
  let isSalvageable = true

  function fail(problem: string, rule: Rule, substitute: string | null): void {
    fault ??= problem
    if (substitute === null) isSalvageable = false
    else if (substitute !== '') kept.push(newField(rule.name, substitute))
  }

  for (const field of fields) {
    const rule = headerRules.get(field.key)
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
    const context = { kind, method, isFirst: !earlier }
    const value = field.key === 'content-length' ? String(bodyLength) : rule.normalize(field.value, context)
    if (value !== null) {
      firsts.set(field.key, field)
      kept.push(value === field.value ? field : newField(rule.name, value, field.key))
    } else if (isEssential) {
      firsts.set(field.key, field)
      fail(`Malformed ${rule.name}`, rule, rule.normalize(field.value, { ...context, kind: 'subsequent' }) ?? rule.substitute ?? null)
    } else leftOut += 1
  }
  for (const [key, rule] of headerRules) {
    if (rule.requiredFor.includes(kind) && !firsts.has(key)) fail(`Missing ${rule.name}`, rule, rule.substitute ?? null)
  }
  const cseq = parseCSeq(firsts.get('cseq')?.value ?? '')
  if (method !== '' && cseq !== null && cseq.method !== method) {
    fault ??= 'CSeq of another method'
    const at = kept.findIndex(({ key }) => key === 'cseq')
    kept[at] = newField('CSeq', `${cseq.number} ${method}`)
  }
  return { fields: kept, leftOut, fault, isSalvageable }
}
