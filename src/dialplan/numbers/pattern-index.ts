import { bitOf, type Pattern } from '../pattern.js'

/** Patterns that agree in the characters up to here, by their positions in the list. */
interface Branch {
  /** By the next character, as a bit set of those that it may be. */
  readonly next: Map<number, Branch>
  /** The first pattern that ends here. */
  closed: number
  /** The first pattern that has a `.` here. */
  open: number
  /** The first pattern in this branch. */
  first: number
}

/** None. */
const never = Number.POSITIVE_INFINITY

/** Finds the first pattern that matches, without a look at every pattern: a site may have a thousand short codes, and rights hundreds of bars. */
export function createPatternIndex<Entry>(
  entries: readonly Entry[],
  patternOf: (entry: Entry) => Pattern,
): (forms: readonly string[]) => Entry | null {
  const root = newBranch()
  for (const [order, entry] of entries.entries()) add(root, patternOf(entry), order)
  return (forms) => {
    let best = never
    for (const digits of forms) best = firstIn(root, { digits, at: 0 }, best)
    return entries[best] ?? null
  }
}

function add(root: Branch, { positions, open }: Pattern, order: number): void {
  let branch = root
  branch.first = Math.min(branch.first, order)
  for (const bits of positions) {
    const next = branch.next.get(bits) ?? newBranch()
    branch.next.set(bits, next)
    branch = next
    branch.first = Math.min(branch.first, order)
  }
  if (open) branch.open = Math.min(branch.open, order)
  else branch.closed = Math.min(branch.closed, order)
}

/** The first pattern in the branch that matches, if it comes before `best`. */
function firstIn(branch: Branch, { digits, at }: { readonly digits: string; readonly at: number }, best: number): number {
  if (branch.first >= best) return best
  if (at === digits.length) return Math.min(best, branch.closed)
  let found = Math.min(best, branch.open)
  const bit = bitOf(digits, at)
  for (const [bits, next] of branch.next) if ((bits & bit) !== 0) found = firstIn(next, { digits, at: at + 1 }, found)
  return found
}

function newBranch(): Branch {
  return { next: new Map(), closed: never, open: never, first: never }
}
