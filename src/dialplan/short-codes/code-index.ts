import { bitOf, matches, type Pattern } from '../pattern.js'

/** Entries that agree in the characters up to here. */
interface Branch<Entry> {
  /** By the next character, as a bit set of those that it may be. */
  readonly next: Map<number, Branch<Entry>>
  readonly ending: Entry[]
}

/** Finds the entry whose pattern matches, without a look at every entry: a site may have a thousand short codes. */
export function createCodeIndex<Entry extends { readonly pattern: Pattern }>(entries: readonly Entry[]): (digits: string) => Entry | null {
  const root = newBranch<Entry>()
  for (const entry of entries) {
    let branch = root
    for (const bits of entry.pattern.positions) {
      const next = branch.next.get(bits) ?? newBranch<Entry>()
      branch.next.set(bits, next)
      branch = next
    }
    branch.ending.push(entry)
  }

  function findIn({ next, ending }: Branch<Entry>, digits: string, at: number): Entry | null {
    const found = ending.find(({ pattern }) => matches(pattern, digits))
    if (found || at === digits.length) return found ?? null
    const bit = bitOf(digits.charAt(at))
    for (const [bits, branch] of next) {
      const further = (bits & bit) === 0 ? null : findIn(branch, digits, at + 1)
      if (further) return further
    }
    return null
  }

  return (digits) => findIn(root, digits, 0)
}

function newBranch<Entry>(): Branch<Entry> {
  return { next: new Map(), ending: [] }
}
