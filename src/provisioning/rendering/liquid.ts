import { readdirSync, readFileSync } from 'node:fs'
import { Liquid, toValue } from 'liquidjs'
import type { Format } from '../formats/format.js'

// liquidjs runs no code of a template, and only these limits stop one that loops or grows.
const limits = {
  /** Characters of a template and of what it includes. */
  parseLimit: 500_000,
  /** Objects and characters that filters and ranges make. */
  memoryLimit: 500_000,
} as const

/** Milliseconds for an override. Built-in templates take some five; a busy machine may take long for anything. */
const longestOverride = 1_000

/** Characters of a rendered file; phones with 200 keys need 60,000. */
export const largestFile = 1_000_000

const folder = new URL('../templates/', import.meta.url)
const ending = '.liquid'

/** Every built-in template: `built-in/yealink.liquid` → its text. Overrides name them in `{% layout %}`. */
export const builtInTemplates: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => [builtIn(name.slice(0, -ending.length)), readFileSync(new URL(name, folder), 'utf8')]),
)

export function builtIn(template: string): string {
  return `built-in/${template}${ending}`
}

/** Renders templates of one format. */
export interface LiquidRenderer {
  /** @throws Error with the place in the template, also when a limit is passed */
  render(path: string, scope: object): string
}

/** @param templates path → text; templates include each other by path, and nothing else can be read */
export function createRenderer(format: Format, templates: Readonly<Record<string, string>>): LiquidRenderer {
  const liquid = new Liquid({
    ...limits,
    templates: { ...templates },
    cache: true,
    relativeReference: false,
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
    ownPropertyOnly: true,
    // A tag that stands alone on a line leaves no line behind.
    trimTagLeft: true,
    trimTagRight: true,
    greedy: false,
    outputEscape: (value: unknown) => format.escape(textOf(toValue(value))),
  })
  // Every value is escaped, so that no name can become markup. In liquidjs, `raw` is a filter with a mark; without the mark it does nothing.
  liquid.registerFilter('raw', (value: unknown) => value)
  return {
    // The time of a built-in template is not limited: on a machine that is busy for a moment the phone needs its file all the same.
    render: (path, scope) =>
      String(liquid.renderFileSync(path, scope, Object.hasOwn(builtInTemplates, path) ? {} : { renderLimit: longestOverride })),
  }
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new TypeError('an object has no text; name one of its members')
}
