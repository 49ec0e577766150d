/** A time series that an expression asks for. */
export interface Selector {
  readonly name: string
  /** `{outcome="LOCKED"}`, in order. */
  readonly matchers: readonly { readonly label: string; readonly value: string }[]
  /** The functions around it, innermost first: `rate`, `sum`, `histogram_quantile`. */
  readonly within: readonly string[]
  /** It has a range behind it: `[5m]`. */
  readonly isRange: boolean
}

export interface Promql {
  readonly selectors: readonly Selector[]
  /** The labels of `by (…)`, everywhere in it; `without` and vector matching are not known here. */
  readonly grouping: readonly string[]
}

const tokenPattern = /"[^"]*"|\[[^\]]*\]|[A-Za-z_:][A-Za-z0-9_:]*|[0-9.]+[a-z]*|[=!]~|[^\s]/g
const words = new Set(['and', 'or', 'unless', 'bool', 'offset'])
const isName = (token: string | undefined): boolean => token !== undefined && /^[A-Za-z_:]/.test(token)

/** As much of the grammar of PromQL as it takes to find the names in it. @throws where it meets anything else */
export function readPromql(text: string): Promql {
  const tokens = text.match(tokenPattern) ?? []
  const selectors: Selector[] = []
  const grouping: string[] = []
  const around: string[] = []
  let called = ''
  let at = 0

  function list(end: string): string[] {
    const from = at
    while (tokens[at] !== end) if (++at > tokens.length) throw new Error(`${text}: no ${end}`)
    return tokens.slice(from, at++)
  }

  function matchers(): Selector['matchers'] {
    if (tokens[at] !== '{') return []
    at++
    const found = list('}').join(' ')
    return Array.from(found.matchAll(/([a-z_]+) (?:=~|=) "([^"]*)"/g), ([, label = '', value = '']) => ({ label, value }))
  }

  function named(name: string): void {
    if (words.has(name)) return
    if (name === 'by') {
      at++
      grouping.push(...list(')').filter(isName))
    } else if (tokens[at] === '(' || tokens[at] === 'by') called = name
    else {
      const matched = matchers()
      selectors.push({
        name,
        matchers: matched,
        within: around.filter((each) => each !== ''),
        isRange: tokens[at]?.startsWith('[') === true,
      })
    }
  }

  while (at < tokens.length) {
    const token = tokens[at++] ?? ''
    if (isName(token)) named(token)
    else if (token === '(') {
      around.unshift(called)
      called = ''
    } else if (token === ')') around.shift()
  }
  if (around.length > 0) throw new Error(`${text}: brackets do not match`)
  return { selectors, grouping }
}
