import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml'
import { z } from 'zod'
import { type AppError, errors } from '../../base/errors.js'
import { counted } from '../../base/output/counted.js'
import { type Hazard, hazardsIn, tooDeep } from './hazards.js'
import { messageWithoutText } from './syntax-errors.js'

/** A problem in a file or a variable. */
export interface Problem {
  /** `hotdesk.yaml:7:3`, or the name of an environment variable. */
  readonly place: string
  /** `sip.listen[0]`; empty if the text is not YAML. */
  readonly key: string
  /** What was expected and what was found. */
  readonly message: string
}

export type Path = readonly PropertyKey[]

/** Parsed YAML with the place of each part. Every scalar is text exactly as written: `0112` stays `0112`. */
export interface ParsedFile {
  readonly value: unknown
  /** Syntax errors and hazards; `value` is undefined if there are any. */
  readonly problems: readonly Problem[]
  /** The place of the key, or of the nearest existing key above it. */
  placeOf(path: Path): string
}

/** Parses YAML. @param file the name shown in problems */
export function readYaml(text: string, file: string): ParsedFile {
  const lines = new LineCounter()
  const place = (offset: number): string => `${file}:${lines.linePos(offset).line}:${lines.linePos(offset).col}`
  const problemOf = ({ offset, message }: Hazard): Problem => ({ place: place(offset), key: '', message })
  const deep = tooDeep(text)
  if (deep)
    return { value: undefined, problems: [{ place: `${file}:${deep.line}:1`, key: '', message: deep.message }], placeOf: () => file }
  // hazardsIn finds duplicate keys in linear time; the parser compares each key with each.
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'failsafe',
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
  })
  const errors = document.errors.map((error) => ({ offset: error.pos[0], message: messageWithoutText(error) }))
  const problems = [...errors, ...hazardsIn(document, lines)].map(problemOf)
  return {
    value: problems.length > 0 ? undefined : (document.toJS({ maxAliasCount: -1 }) ?? {}),
    problems,
    placeOf: (path) => place(offsetOf(document.contents, path)),
  }
}

function offsetOf(contents: Node | null, path: Path): number {
  let node: unknown = contents
  let offset = 0
  for (const step of path) {
    const found = child(node, step)
    if (!found) break
    offset = found.offset
    node = found.value
  }
  return offset
}

function child(node: unknown, step: PropertyKey): { offset: number; value: unknown } | null {
  if (isMap(node)) {
    const pair = pairsOf(node).get(step)
    return pair && isScalar(pair.key) ? { offset: pair.key.range?.[0] ?? 0, value: pair.value } : null
  }
  const item = isSeq<Node>(node) && typeof step === 'number' ? node.items[step] : undefined
  return item ? { offset: item.range?.[0] ?? 0, value: item } : null
}

const known = new WeakMap<YAMLMap, ReadonlyMap<unknown, Pair>>()

/** Kept, because an import may look up as many places as it has users. */
function pairsOf(map: YAMLMap): ReadonlyMap<unknown, Pair> {
  const pairs = known.get(map) ?? new Map(map.items.map((pair) => [isScalar(pair.key) ? pair.key.value : null, pair]))
  known.set(map, pairs)
  return pairs
}

/** What an editor may know of a form, in the words of JSON Schema. `parse` decides. */
export interface EditorHint {
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly examples?: readonly string[]
}

/**
 * Text of a certain form. `parse` answers null for other text; `expects` completes "expected …". Errors quote the text, so text that may
 * hold a secret, even by mistake, needs `secretForm`.
 */
export function form<Value>(expects: string, parse: (text: string) => Value | null, hint: EditorHint = {}) {
  const text = z.unknown().transform((found, context): Value => {
    const value = typeof found === 'string' ? parse(found) : null
    if (value !== null) return value
    context.addIssue({
      code: 'custom',
      message:
        found === undefined
          ? `missing: expected ${expects}`
          : `expected ${expects}, found ${typeof found === 'string' ? quote(found) : kindOf(found)}`,
    })
    return z.NEVER
  })
  return text.meta({ expects, ...hint })
}

/** The same for text that errors must not quote. */
export function secretForm<Value>(expects: string, parse: (text: string) => Value | null, hint: EditorHint = {}) {
  const text = z.unknown().transform((found, context): Value => {
    const value = typeof found === 'string' ? parse(found) : null
    if (value !== null) return value
    context.addIssue({ code: 'custom', message: `${found === undefined ? 'missing: ' : ''}expected ${expects}` })
    return z.NEVER
  })
  return text.meta({ expects, ...hint })
}

/** A list of items of one form. Text is split at commas, as in an environment variable. */
export function listOf<Item extends z.ZodType>(item: Item) {
  const list = z.array(item, { error: (issue) => `expected a list such as [one, two], found ${kindOf(issue.input)}` })
  return z.preprocess((found) => (typeof found === 'string' ? splitList(found) : found), list)
}

/** `a, b` → `['a', 'b']`; an empty text is an empty list. */
export function splitList(text: string): readonly string[] {
  return text.trim() === '' ? [] : text.split(',').map((item) => item.trim())
}

/** A block of keys: neither text nor a list. */
export function isBlock(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The items of a list or of text separated by commas; none for anything else. */
export function itemsOf(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return splitList(value)
  return Array.isArray(value) ? value : []
}

/** A block of keys; any other key is an error. */
export function block<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = `known here: ${Object.keys(shape).join(', ')}`
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `unknown key; ${known}` : `expected a block of keys (${known}), found ${kindOf(issue.input)}`,
  })
}

/** A block with free keys; keys and values have a form. */
export function blockOf<Value extends z.ZodType>(key: z.ZodType<string>, value: Value) {
  return z.record(key as z.ZodType<string, string>, value, {
    error: (issue) => (issue.code === 'invalid_key' ? issue.issues[0]?.message : `expected a block of keys, found ${kindOf(issue.input)}`),
  })
}

/** In quotes, without credentials: a URI loses what precedes its `@` or follows its `?`. */
export function quote(found: string): string {
  const shown = found.replace(/^[\s\S]*@/, '…@').replace(/\?[\s\S]*$/, '?…')
  return JSON.stringify(shown.length > 60 ? `${shown.slice(0, 60)}…` : shown)
}

/** Text in place of a block or a list may be a misplaced PIN or password, so it is not quoted. */
function kindOf(found: unknown): string {
  if (Array.isArray(found)) return 'a list'
  if (found === undefined) return 'nothing'
  return typeof found === 'string' ? `a text of ${found.length} ${found.length === 1 ? 'character' : 'characters'}` : 'a block'
}

export type Checked<Value> = { readonly value: Value } | { readonly problems: readonly Problem[] }

/** Validates the whole text and reports all problems. @param nameOf prints the path of a problem */
export function check<Schema extends z.ZodType>(schema: Schema, written: ParsedFile, nameOf = keyText): Checked<z.output<Schema>> {
  if (written.problems.length > 0) return { problems: written.problems }
  const result = schema.safeParse(written.value)
  return result.success ? { value: result.data } : { problems: result.error.issues.flatMap((issue) => problemsOf(issue, written, nameOf)) }
}

function problemsOf(issue: z.core.$ZodIssue, written: ParsedFile, nameOf: (path: Path) => string): Problem[] {
  const problem = (path: Path, shown: Path): Problem => ({ place: written.placeOf(path), key: nameOf(shown), message: issue.message })
  if (issue.code !== 'unrecognized_keys') return [problem(issue.path, issue.path)]
  return issue.keys.map((key) => problem([...issue.path, key], [...issue.path, looksLikeSetting(key) ? key : '…']))
}

/** `{ password:secret }` without a space is a single key. */
export function looksLikeSetting(key: string): boolean {
  return /^[A-Za-z_]{1,40}$/.test(key)
}

/** `['sip', 'listen', 0]` → `sip.listen[0]`. A key that is not a name, such as a URI, is shown as `…`. */
export function keyText(path: Path): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${shownKey(String(step))}`)).join('')
}

export function shownKey(key: string): string {
  return /^[\w*#+.-]{1,40}$/.test(key) ? key : '…'
}

/** A file of another kind has thousands of problems; the first ones are enough. */
const maxProblems = 100

/** One error that lists all problems, one a line. */
export function invalid(
  code: 'CONFIG_INVALID' | 'DIALPLAN_INVALID' | 'IMPORT_INVALID',
  what: string,
  problems: readonly Problem[],
): AppError {
  const shown = problems.toSorted((one, other) => lineOf(one) - lineOf(other)).slice(0, maxProblems)
  const width = Math.max(...shown.map(({ place }) => place.length))
  const lines = shown.map(({ place, key, message }) => `  ${place.padEnd(width)}  ${key ? `${key}: ` : ''}${message}`)
  if (problems.length > shown.length) lines.push(`  … and ${problems.length - shown.length} more`)
  return errors[code].problems({ what, count: counted(problems.length, 'problem'), lines: lines.join('\n') })
}

/** Problems without a line, such as those of environment variables, come last. */
function lineOf({ place }: Problem): number {
  return Number(/:([0-9]+):[0-9]+$/.exec(place)?.[1] ?? Number.MAX_SAFE_INTEGER)
}
