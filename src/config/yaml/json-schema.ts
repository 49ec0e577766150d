import { z } from 'zod'
import { isBlock } from './yaml-schema.js'

/** JSON Schema, draft 7, which every YAML editor knows. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What a file may contain, for editors. `hotdesk check` finds more: keys that contradict each other, and forms that no pattern describes. */
export function jsonSchemaOf(schema: z.ZodType, about: { readonly title: string; readonly description: string }): JsonSchema {
  const { $schema, ...root } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input', unrepresentable: 'any' }) as JsonSchema
  return { $schema, ...about, ...(edited(root) as JsonSchema) }
}

function edited(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(edited)
  if (!isBlock(node)) return node
  const parts: JsonSchema = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, editedPart(key, value)]))
  const { expects, isTextToo, default: usual, ...rest } = parts
  const known: JsonSchema = { ...rest, ...(isEmptyBlock(usual) ? {} : { default: usual }) }
  if (typeof expects === 'string') return scalar(known, expects)
  return isTextToo === true || (known.type === 'array' && isScalar(known.items)) ? orText(known) : known
}

/** `properties` has names, not words of JSON Schema, as keys. */
function editedPart(key: string, value: unknown): unknown {
  if (key !== 'properties' || !isBlock(value)) return edited(value)
  return Object.fromEntries(Object.entries(value).map(([name, node]) => [name, edited(node)]))
}

/** Every value is read as text, so a number needs no quotes. */
function scalar(node: JsonSchema, expects: string): JsonSchema {
  const form = `Expects ${expects}.`
  const description = typeof node.description === 'string' ? `${node.description} ${form}` : form
  return { ...node, type: node.enum === undefined ? ['string', 'number'] : 'string', description }
}

/** A list may be text with commas, and some blocks the text of their main key. */
function orText({ description, default: usual, ...whole }: JsonSchema): JsonSchema {
  return {
    ...(description === undefined ? {} : { description }),
    ...(usual === undefined ? {} : { default: usual }),
    anyOf: [whole, { type: 'string' }],
  }
}

function isScalar(node: unknown): boolean {
  return isBlock(node) && node.type !== 'object'
}

function isEmptyBlock(usual: unknown): boolean {
  return usual === undefined || (isBlock(usual) && Object.keys(usual).length === 0)
}
