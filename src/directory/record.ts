import type { Logger } from '../base/logger.js'

/** Reads the fields of one hash, and collects their problems. */
export interface RecordReader {
  /** null if the field is absent or empty. */
  text(field: string): string | null
  /** A field that every valid record has. */
  required<Value>(field: string, parse: (text: string) => Value | null, form: string): Value | null
  optional<Value>(field: string, parse: (text: string) => Value | null, form: string): Value | null
  flag(field: string, otherwise: 'yes' | 'no'): boolean
  oneOf<Word extends string>(field: string, words: readonly Word[], otherwise: Word): Word
  number(field: string, limits: { readonly from: number; readonly to: number; readonly otherwise: number }): number
  readonly problems: readonly string[]
}

export function readRecord(hash: ReadonlyMap<string, string>): RecordReader {
  const problems: string[] = []

  function complain(field: string, form: string): void {
    problems.push(`${field} is ${JSON.stringify(hash.get(field) ?? '')}, expected ${form}`)
  }
  function text(field: string): string | null {
    return hash.get(field) || null
  }
  function optional<Value>(field: string, parse: (written: string) => Value | null, form: string): Value | null {
    const written = text(field)
    const value = written === null ? null : parse(written)
    if (written !== null && value === null) complain(field, form)
    return value
  }

  return {
    text,
    optional,
    problems,
    required(field, parse, form) {
      if (text(field) === null) complain(field, form)
      return optional(field, parse, form)
    },
    flag(field, otherwise) {
      return (optional(field, (written) => (written === 'yes' || written === 'no' ? written : null), 'yes or no') ?? otherwise) === 'yes'
    },
    oneOf(field, words, otherwise) {
      return optional(field, (written) => words.find((word) => word === written) ?? null, words.join(', ')) ?? otherwise
    },
    number(field, { from, to, otherwise }) {
      const parse = (written: string) =>
        /^\d+$/.test(written) && Number(written) >= from && Number(written) <= to ? Number(written) : null
      return optional(field, parse, `a number from ${from} to ${to}`) ?? otherwise
    },
  }
}

/** Logs a broken record once, and again only if its problems change. */
export function createRecordWarnings(log: Logger): (key: string, problems: readonly string[]) => void {
  const logged = new Map<string, string>()
  return (key, problems) => {
    const text = problems.join('; ')
    if (text === '') logged.delete(key)
    else if (logged.get(key) !== text) {
      logged.set(key, text)
      log.warn({ event: 'directory.broken', key }, `${key} in Redis: ${text}`)
    }
  }
}
