import { z } from 'zod'
import { keyText, type Path, type Problem, splitList, type Written } from './yaml/yaml-schema.js'

/** A setting, as a table shows it. */
export interface Option {
  /** `sip.listen` */
  readonly key: string
  /** `HOTDESK_SIP_LISTEN` */
  readonly variable: string
  readonly description: string
  /** As one would write it; null where there is none. */
  readonly fallback: string | null
  readonly list: boolean
}

export type Environment = Readonly<Record<string, string | undefined>>

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly type?: string
  readonly description?: string
  readonly default?: string | readonly string[]
}

/** Every setting of a schema, in its order; its variable's name follows mechanically from its key. */
export function optionsOf(schema: z.ZodType, prefix: string): Option[] {
  return leavesOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode, []).map(([path, node]) => {
    const key = path.at(-1) === 'url' ? path.slice(0, -1) : path // `redis: x` is short for `redis: { url: x }`
    return {
      key: key.join('.'),
      variable: [prefix, ...key.map((part) => part.replace(/[A-Z]/g, '_$&').toUpperCase())].join('_'),
      description: node.description ?? '',
      fallback: [node.default ?? []].flat().join(', ') || null,
      list: node.type === 'array',
    }
  })
}

function leavesOf(node: SchemaNode, path: readonly string[]): [readonly string[], SchemaNode][] {
  if (!node.properties) return [[path, node]]
  return Object.entries(node.properties).flatMap(([key, child]) => leavesOf(child, [...path, key]))
}

/** What was written with the environment laid over it. A problem found there names the variable, not the file. */
export function withEnvironment(written: Written, options: readonly Option[], env: Environment): Written {
  const value = structuredClone(written.value)
  const places = new Map<string, string>()
  for (const { key, variable, list } of options) {
    const text = env[variable]
    if (text === undefined) continue
    put(value, key.split('.'), list ? splitList(text) : text)
    places.set(key, variable)
  }
  const settingOf = (path: Path): string => keyText(path.filter((step) => typeof step === 'string' && step !== 'url'))
  return { ...written, value, placeOf: (path) => places.get(settingOf(path)) ?? written.placeOf(path) }
}

/** Variables that look like ours and are none: a typing error must not go unseen. */
export function unknownVariables(options: readonly Option[], env: Environment, prefix: string): Problem[] {
  return Object.keys(env)
    .filter((variable) => variable.startsWith(`${prefix}_`) && !options.some((option) => option.variable === variable))
    .map((variable) => ({ place: variable, key: '', message: 'no setting has this name; src/config/README.md lists them' }))
}

function put(target: unknown, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (!isBlock(target)) return // Not a block: the schema says so.
  const present = target[key]
  if (rest.length === 0) {
    target[key] = isBlock(present) ? { ...present, url: value } : value
    return
  }
  if (!isBlock(present)) target[key] = present === undefined ? {} : { url: present }
  put(target[key], rest, value)
}

/** A block of keys: neither a text nor a list. */
export function isBlock(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The items of a list as a person writes it, in text separated by commas as well; none for anything else. */
export function itemsOf(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return splitList(value)
  return Array.isArray(value) ? value : []
}
