import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { parseSync } from 'vite'

/** A node of the syntax tree (ESTree with TypeScript), as far as the tests look at it. */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [property: string]: unknown
}

/** One import, export-from, dynamic import or import type. */
export interface Import {
  readonly line: number
  /** As written. */
  readonly name: string
  /** `src/base/clock.ts`; null for a package. */
  readonly target: string | null
}

export interface FunctionSize {
  readonly line: number
  readonly lines: number
  readonly parameters: number
}

export interface SourceFile {
  /** From the top of the repository: `src/base/clock.ts`. */
  readonly path: string
  readonly text: string
  readonly lines: number
  readonly program: SyntaxNode
  readonly imports: readonly Import[]
  readonly functions: readonly FunctionSize[]
  lineOf(offset: number): number
}

export const root = normalize(join(import.meta.dirname, '../../..'))

/** Paths of all files under a folder, from the top of the repository, sorted. */
export function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesUnder(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]))
    .sort()
}

/** Every TypeScript or JavaScript file under a folder, parsed. */
export function readTree(folder: string): SourceFile[] {
  return filesUnder(folder)
    .filter((path) => /\.(ts|mjs)$/.test(path))
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')))
}

export function parseSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text)
  if (parsed.errors.length > 0) throw new Error(`${path}: ${parsed.errors[0]?.message}`)
  const program = parsed.program as unknown as SyntaxNode
  const lineOf = lineFinder(text)
  const imports: Import[] = []
  const functions: FunctionSize[] = []
  visit(program, (node) => {
    const source = importSource(node)
    if (source !== null) imports.push({ line: lineOf(node.start), name: source, target: targetOf(path, source) })
    if (isFunction(node)) functions.push(sizeOf(node, lineOf))
  })
  return { path, text, lines: text.trimEnd().split('\n').length, program, imports, functions, lineOf }
}

/** The line of an offset, by bisection: it is asked for every function of the repository. */
function lineFinder(text: string): (offset: number) => number {
  const ends = Array.from(text.matchAll(/\n/g), ({ index }) => index)
  return (offset) => {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle] ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}

/** Calls `look` for each node, outer ones first. */
export function visit(node: SyntaxNode, look: (node: SyntaxNode) => void): void {
  look(node)
  for (const child of childrenOf(node)) visit(child, look)
}

/** The nodes directly below. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  return Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]) as unknown[])
    .filter(isNode)
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string'
}

const importing = ['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression', 'TSImportType']

function importSource(node: SyntaxNode): string | null {
  if (!importing.includes(node.type) || !isNode(node.source)) return null
  const { value } = node.source
  return typeof value === 'string' ? value : null
}

function targetOf(from: string, name: string): string | null {
  if (!name.startsWith('.')) return null
  const path = normalize(join(dirname(from), name))
  return path.endsWith('.js') ? path.replace(/\.js$/, '.ts') : path
}

function isFunction({ type }: SyntaxNode): boolean {
  return type === 'FunctionDeclaration' || type === 'FunctionExpression' || type === 'ArrowFunctionExpression'
}

/**
 * A factory's body is mostly the functions that it declares. Each of them is measured by itself, so that its lines do not count a
 * second time: what is left of the factory is what somebody has to read at once.
 */
function sizeOf(node: SyntaxNode, lineOf: (offset: number) => number): FunctionSize {
  const line = lineOf(node.start)
  const linesOf = ({ start, end }: SyntaxNode): number => lineOf(end) - lineOf(start) + 1
  const declared = declaredIn(node).reduce((lines, each) => lines + linesOf(each), 0)
  return { line, lines: linesOf(node) - declared, parameters: (node.params as unknown[]).length }
}

/** The outermost functions with a name of their own within a function: declarations, and methods of what it returns. */
function declaredIn(node: SyntaxNode): SyntaxNode[] {
  return childrenOf(node).flatMap((child) => {
    const isNamed = child.type === 'FunctionDeclaration' || (child.type === 'Property' && child.method === true)
    return isNamed ? [child] : declaredIn(child)
  })
}
