import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { scenes } from './scenes.js'

const text = z.string()
const patterns = z.array(text).min(1)
const status = z.number().int().min(100).max(699)

/** What becomes of one message before it is sent. */
const change = z
  .strictObject({
    set: z.record(text, text).optional(),
    add: z.array(text).optional(),
    top: z.array(text).optional(),
    remove: z.array(text).optional(),
    replace: z.record(text, text).optional(),
    body: text.optional(),
    raw: text.optional(),
  })
  .refine((parts) => Object.keys(parts).length > 0, 'expected at least one of set, add, top, remove, replace, body, raw')

const seen = z.record(text, patterns)
const roles = ['caller', 'callee', 'third', 'trunk', 'trunk2'] as const
const transport = z.enum(['udp', 'tcp', 'ws'])
const step = text.regex(/^(caller|callee) (BYE|INFO|UPDATE|MESSAGE|OPTIONS|re-INVITE|CANCEL|NOTIFY|REFER)$/, {
  error: 'expected "caller" or "callee" and a method: BYE, INFO, UPDATE, MESSAGE, OPTIONS, re-INVITE, CANCEL, NOTIFY, REFER',
})

const expectation = z
  .strictObject({
    status: status.optional(),
    statuses: z.record(text, status).optional(),
    caller: seen.optional(),
    callee: seen.optional(),
    third: seen.optional(),
    trunk: seen.optional(),
    trunk2: seen.optional(),
    metrics: z.record(text, z.number()).optional(),
    log: z.array(text).optional(),
    login: z.literal('yes').optional(),
  })
  .refine((parts) => Object.keys(parts).length > 0, 'expected at least one expectation: a case without one cannot fail')

const worldCase = z.strictObject({
  title: text.min(10),
  source: text.min(5),
  scene: z.enum(Object.keys(scenes) as [string, ...string[]]),
  dial: text.optional(),
  over: z.strictObject({ caller: transport.optional(), callee: transport.optional() }).optional(),
  answers: z.union([z.array(status), z.partialRecord(z.enum(roles), z.array(status))]).optional(),
  challenges: z.array(z.enum(['re-INVITE', 'UPDATE', 'INFO', 'MESSAGE', 'BYE'])).optional(),
  early: z.array(step).optional(),
  inCall: z.array(step).optional(),
  change: z.record(text, change).optional(),
  expect: expectation,
})

export type Change = z.output<typeof change>
export type Role = (typeof roles)[number]
export type Transport = z.output<typeof transport>
export type WorldCase = z.output<typeof worldCase> & { readonly file: string }

/** @throws Error with the file's name, the place in it, and what was expected there. */
export function parseCase(file: string, yaml: string): WorldCase {
  const read = worldCase.safeParse(parseYaml(file, yaml), { error: wordsFor })
  if (read.success) return { ...read.data, file }
  throw new Error(read.error.issues.map((issue) => `${file}: ${issue.path.join(' → ') || 'the case'}: ${issue.message}`).join('\n'))
}

function parseYaml(file: string, yaml: string): unknown {
  try {
    return parse(yaml)
  } catch (fault) {
    throw new Error(`${file}: ${String(fault)}`, { cause: fault })
  }
}

const keysAt: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(worldCase.shape),
  change: Object.keys(change.shape),
  expect: Object.keys(expectation.shape),
  over: ['caller', 'callee'],
}

const wordsFor: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'unrecognized_keys') return undefined
  const known = keysAt[String(issue.path?.[0] ?? '')] ?? []
  return `unknown key ${issue.keys.join(', ')}; expected ${known.join(', ')}`
}

/** All cases of the folder, in the order of their names. @throws Error for the first that is malformed, and for a title used twice. */
export function readCases(folder: URL): readonly WorldCase[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
  const cases = files.sort().map((name) => parseCase(basename(name), readFileSync(new URL(name, folder), 'utf8')))
  const titles = new Map<string, string>()
  for (const { title, file } of cases) {
    const other = titles.get(title)
    if (other !== undefined) throw new Error(`${file}: the title is the same as in ${other}`)
    titles.set(title, file)
  }
  return cases
}
