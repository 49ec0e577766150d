import { z } from 'zod'

/** A setting as documented. */
export interface Option {
  /** `sip.listen` */
  readonly key: string
  /** `HOTDESK_SIP_LISTEN` */
  readonly variable: string
  readonly description: string
  /** The default as written in a file; null without one. */
  readonly fallback: string | null
  readonly list: boolean
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly type?: string
  readonly description?: string
  readonly default?: string | readonly string[]
}

/** Every setting of a schema, in its order. The name of the variable follows from the key. */
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
