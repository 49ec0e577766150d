import type { PatternNode } from '../repo/regex-steps.js'

/** A text that grows: what comes before, what is repeated, what comes behind. */
export interface HostileText {
  readonly before: string
  readonly pump: string
  readonly behind: string
}

export function hostileText({ before, pump, behind }: HostileText, repetitions: number): string {
  return before + pump.repeat(repetitions) + behind
}

const mostSamples = 12
const mostPumps = 120

/**
 * Texts made from the pattern itself: every part of it, everything from its beginning to each part, and each kind of character that it tells
 * apart, alone and in pairs, are repeated behind what leads to a part and before what no part takes.
 */
export function hostileTexts(tree: PatternNode): readonly HostileText[] {
  const alphabet = alphabetOf(tree)
  const nodes = nodesOf(tree)
  const beginnings = unique(['', ...beginningsOf(tree, alphabet)]).slice(0, mostSamples)
  const pairs = alphabet.flatMap((one) => alphabet.map((other) => one + other))
  const parts = nodes.flatMap((node) => samplesOf(node, alphabet))
  const pumps = unique([...alphabet, ...parts, ...beginnings, ...pairs])
    .filter((pump) => pump !== '')
    .slice(0, mostPumps)
  const behinds = ['', '\u0001', '\n!']
  return beginnings.flatMap((before) => pumps.flatMap((pump) => behinds.map((behind) => ({ before, pump, behind }))))
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}

function nodesOf(node: PatternNode): PatternNode[] {
  return [node, ...partsOf(node).flatMap(nodesOf)]
}

/** The nodes directly below. */
export function partsOf(node: PatternNode): readonly PatternNode[] {
  if (node.kind === 'sequence') return node.parts
  if (node.kind === 'choice') return node.options
  return node.kind === 'repeat' || node.kind === 'look' ? [node.body] : []
}

/** One character for each set of the pattern's classes that characters can be in. */
function alphabetOf(tree: PatternNode): readonly string[] {
  const classes = nodesOf(tree).filter((node) => node.kind === 'character')
  const candidates = [
    ' ',
    '\t',
    '\n',
    '\r',
    'a',
    'A',
    '0',
    '1',
    ...Array.from({ length: 94 }, (_, code) => String.fromCharCode(code + 33)),
    '\u0000',
    'é',
    '\u2028',
    '\u0100',
    '\u202a',
  ]
  // Edges tell these apart as well.
  const found = new Map([' ', '\n', 'a'].map((character) => [character, character]))
  for (const candidate of candidates) {
    const signature = classes.map(({ test }) => (test(candidate) ? '1' : '0')).join('')
    if (!found.has(signature)) found.set(signature, candidate)
  }
  return unique([...found.values()])
}

/** Texts that the part takes; the empty one where it takes that alone. */
function samplesOf(node: PatternNode, alphabet: readonly string[]): string[] {
  switch (node.kind) {
    case 'character':
      return alphabet.filter(node.test).slice(0, 3)
    case 'edge':
    case 'look':
      return ['']
    case 'choice':
      return unique(node.options.flatMap((option) => samplesOf(option, alphabet).slice(0, 3))).slice(0, mostSamples)
    case 'repeat': {
      const body = samplesOf(node.body, alphabet).slice(0, 3)
      return unique(body.flatMap((sample) => [sample.repeat(Math.max(node.from, 1)), ...(node.from === 0 ? [''] : [])]))
    }
    case 'sequence':
      return node.parts.reduce<string[]>((before, part) => joined(before, samplesOf(part, alphabet)), [''])
  }
}

function joined(before: readonly string[], next: readonly string[]): string[] {
  return unique(before.flatMap((text) => next.slice(0, 3).map((sample) => text + sample))).slice(0, mostSamples)
}

/** What leads to each part of the outermost sequence, and of those within it. */
function beginningsOf(node: PatternNode, alphabet: readonly string[]): string[] {
  if (node.kind === 'choice') return node.options.flatMap((option) => beginningsOf(option, alphabet))
  if (node.kind === 'repeat') return beginningsOf(node.body, alphabet)
  if (node.kind !== 'sequence') return []
  return node.parts.flatMap((part, index) => {
    if (part.kind === 'character') return []
    const before = samplesOf({ kind: 'sequence', parts: node.parts.slice(0, index) }, alphabet).slice(0, 2)
    return [
      ...before,
      ...before.flatMap((text) =>
        beginningsOf(part, alphabet)
          .slice(0, 2)
          .map((inner) => text + inner),
      ),
    ]
  })
}
