import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  type LineCounter,
  type Node,
  Parser,
  type Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'

/** Something in YAML that would be read as another thing than it says, or take a machine down. */
export interface Hazard {
  /** In the text, from 0. */
  readonly offset: number
  readonly message: string
}

/** Configurations have five levels. What reads YAML is recursive, and ends the process at some thousands. */
const mostDepth = 50
const mostAliases = 1_000
/** Hazards; a file with more is none of ours. */
const mostFound = 1_000
/** Nodes that aliases add, all of them together. */
const mostCopies = 10_000

/** Asked before anything is built of the text: this parser is not recursive. Null for a text that may be read on. */
export function tooDeep(text: string): { readonly line: number; readonly message: string } | null {
  let line = 1
  const parser = new Parser(() => {
    line += 1
  })
  for (const lexeme of new Lexer().lex(text)) {
    for (const _token of parser.next(lexeme)) {
      // Whole documents: what counts is how deep the parser stands between them.
    }
    // The document and its value stand in the stack as well.
    if (parser.stack.length > mostDepth + 2) return { line, message: `nested too deeply: expected at most ${mostDepth} levels` }
  }
  return null
}

/** What is wrong with a text that is YAML. */
export function hazardsIn(document: Document, lines: LineCounter): readonly Hazard[] {
  const wrong = misread(document, lines)
  return wrong.length > 0 ? wrong : copiesOf(document)
}

const plainTags = ['tag:yaml.org,2002:str', 'tag:yaml.org,2002:map', 'tag:yaml.org,2002:seq']

const nullWords = 'null means nothing here: leave the key out; text needs quotes, such as "null", and "" clears a value'

/** A setting, a site, a trunk, a phone, a short number or a telephone number; a longer number may be a PIN. */
function cannotBeSecret(key: string): boolean {
  return /^([A-Za-z_-]{1,40}|[A-Z]{1,4}[0-9]{1,6}|[0-9*#]{1,3}|\+[0-9]{1,20})$/.test(key)
}

/** Aliases of nothing, tags, merge keys, keys that are no text, and keys that are there twice: nothing here understands them. */
function misread(document: Document, lines: LineCounter): readonly Hazard[] {
  const found: Hazard[] = []
  const anchors = new Set<string>()
  const report = (node: unknown, message: string): void => void found.push({ offset: offsetOf(node), message })
  const reportTwin = (key: Scalar, first: Scalar | undefined): void => {
    const name = String(key.value)
    const words = `is there twice, first in line ${lines.linePos(offsetOf(first)).line}; keys must be unique`
    report(key, cannotBeSecret(name) ? `the key ${name} ${words}` : `this key ${words}`)
  }
  const look = (node: Scalar | YAMLMap | YAMLSeq): void => {
    if (node.anchor) anchors.add(node.anchor)
    if (node.tag && !plainTags.includes(node.tag))
      report(node, 'a tag means nothing here: everything is read as text; text that begins with ! needs quotes')
  }
  visit(document, {
    Alias(_, alias) {
      if (anchors.has(alias.source)) return
      report(alias, 'a word that begins with * means something else in YAML; a code or password needs quotes, such as "*77*"')
    },
    Scalar(_, scalar) {
      look(scalar)
      if (scalar.type === 'PLAIN' && /^(null|~)$/i.test(scalar.source ?? '')) report(scalar, nullWords)
    },
    Seq: (_, list) => look(list),
    Map(_, map) {
      look(map)
      if (found.length > mostFound) return visit.BREAK
      const names = new Map<string, Scalar>()
      for (const { key } of map.items) {
        if (!isScalar(key)) report(key, 'expected a key of one word')
        else if (key.value === '<<') report(key, 'merge keys (<<) are not understood here: write the keys out')
        else if (names.has(String(key.value))) reportTwin(key, names.get(String(key.value)))
        else names.set(String(key.value), key)
        if (found.length > mostFound) return visit.BREAK
      }
      return undefined
    },
  })
  return found
}

/** A node where it is written, or where an alias repeats it. */
type Reading = 'written' | 'copy'

/** An alias that stands for itself, or aliases of aliases that grow beyond every measure. */
function copiesOf({ contents }: Document): readonly Hazard[] {
  const anchors = new Map<string, Node>()
  const open = new Set<Node>()
  let aliases = 0
  let copies = 0

  function hazardOf(alias: Alias, as: Reading): Hazard | null {
    const target = anchors.get(alias.source)
    if (!target) return null
    if (open.has(target)) return { offset: offsetOf(alias), message: 'an alias stands for itself' }
    if (as === 'written' && ++aliases > mostAliases) return { offset: offsetOf(alias), message: `expected at most ${mostAliases} aliases` }
    const inside = walk(target, 'copy')
    // The first alias that is written shows it better than one deep inside another.
    return inside && as === 'written' ? { offset: offsetOf(alias), message: inside.message } : inside
  }

  function walk(node: unknown, as: Reading): Hazard | null {
    if (!isNode(node)) return null
    if (as === 'copy' && ++copies > mostCopies) return { offset: offsetOf(node), message: 'aliases of aliases make this too large' }
    if (isAlias(node)) return hazardOf(node, as)
    if (node.anchor && as === 'written') anchors.set(node.anchor, node)
    if (!isMap(node) && !isSeq(node)) return null
    if (open.size > mostDepth) return { offset: offsetOf(node), message: `nested too deeply: expected at most ${mostDepth} levels` }
    open.add(node)
    const inside = isMap(node) ? node.items.flatMap(({ key, value }) => [key, value]) : node.items
    for (const item of inside) {
      const hazard = walk(item, as)
      if (hazard) return hazard
    }
    open.delete(node)
    return null
  }

  const hazard = walk(contents, 'written')
  return hazard ? [hazard] : []
}

function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}
