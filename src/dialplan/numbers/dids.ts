import { type Extension, parseExtension } from '../../base/identity.js'
import { choices, fill, type Pattern, parsePattern, wildcards } from '../pattern.js'

/** A direct number and its extension, with the same wildcards. */
export interface Did {
  /** As the file writes the number. */
  readonly plus: '+' | ''
  readonly number: Pattern
  readonly extension: Pattern
}

export function didsOf({ dids }: { readonly dids: Readonly<Record<string, Pattern>> }): Did[] {
  return Object.entries(dids).flatMap(([key, extension]) => didFrom(key, extension) ?? [])
}

export function didFrom(key: string, extension: Pattern): Did | null {
  const number = parsePattern(withoutPlus(key))
  return number && { plus: key.startsWith('+') ? '+' : '', number, extension }
}

/** Trunks send a number with or without `+`. */
export function withoutPlus(number: string): string {
  return number.startsWith('+') ? number.slice(1) : number
}

/** Finds the extension of the first of these forms of a number that has one. */
export type DidLookup = (forms: readonly string[]) => Extension | null

/** The first entry that matches counts. A site may list thousands of numbers without an open digit, so these are looked up at once. */
export function createDidLookup(dids: readonly Did[]): DidLookup {
  const closed = new Map<string, number>()
  const open: number[] = []
  for (const [index, { number }] of dids.entries()) {
    if (wildcards(number) > 0) open.push(index)
    else if (!closed.has(number.text)) closed.set(number.text, index)
  }

  function extensionOf(form: string): Extension | null {
    const digits = withoutPlus(form)
    const exact = closed.get(digits)
    const indexes = exact === undefined ? open : [...open.filter((index) => index < exact), exact]
    for (const index of indexes) {
      const did = dids[index]
      const chosen = did ? choices(did.number, digits) : null
      if (did && chosen !== null) return parseExtension(fill(did.extension, chosen) ?? '')
    }
    return null
  }

  return (forms) => {
    for (const form of forms) {
      const extension = extensionOf(form)
      if (extension !== null) return extension
    }
    return null
  }
}

export function callerIdOf(dids: readonly Did[], extension: Extension): string | null {
  for (const did of dids) {
    const chosen = choices(did.extension, extension)
    const number = chosen === null ? null : fill(did.number, chosen)
    if (number !== null) return `${did.plus}${number}`
  }
  return null
}
