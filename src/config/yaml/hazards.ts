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

/** YAML that means something else than it seems to, or that would exhaust the machine. */
export interface Hazard {
  /** Offset in the text. */
  readonly offset: number
  readonly message: string
}

/** Configurations have five levels. The YAML library is recursive and overflows the stack at some thousands. */
const maxDepth = 50
const maxAliases = 1_000
/** Hazards; a file with more is not a configuration. */
const maxFound = 1_000
/** Nodes that all aliases together may add. */
const maxCopies = 10_000

/** A check before the document is built, by a parser that is not recursive. Null if the depth is acceptable. */
export function tooDeep(text: string): { readonly line: number; readonly message: string } | null {
  let line = 1
  const parser = new Parser(() => {
    line += 1
  })
  for (const lexeme of new Lexer().lex(text)) {
    for (const _token of parser.next(lexeme)) {
      // The tokens do not matter, only the depth of the parser's stack.
    }
    // The document and its value are on the stack too.
    if (parser.stack.length > maxDepth + 2) return { line, message: `nested too deeply: expected at most ${maxDepth} levels` }
  }
  return null
}

/** The hazards in valid YAML. */
export function hazardsIn(document: Document, lines: LineCounter): readonly Hazard[] {
  const wrong = misread(document, lines)
  return wrong.length > 0 ? wrong : copiesOf(document)
}

const plainTags = ['tag:yaml.org,2002:str', 'tag:yaml.org,2002:map', 'tag:yaml.org,2002:seq']

const nullWords = 'null is not supported: leave the key out; text needs quotes, such as "null", and "" clears a value'

/** The name of a setting, site, trunk or phone, a short number or a telephone number; other digits may be a PIN. */
function cannotBeSecret(key: string): boolean {
  return /^([A-Za-z_-]{1,40}|[A-Z]{1,4}[0-9]{1,6}|[0-9*#]{1,3}|\+[0-9]{1,20})$/.test(key)
}

/** Aliases without an anchor, tags, null, merge keys, keys that are not text and duplicate keys: none of them is supported. */
function misread(document: Document, lines: LineCounter): readonly Hazard[] {
  const found: Hazard[] = []
  const anchors = new Set<string>()
  const report = (node: unknown, message: string): void => void found.push({ offset: offsetOf(node), message })
  const reportTwin = (key: Scalar, first: Scalar | undefined): void => {
    const name = String(key.value)
    const words = `is used twice, first in line ${lines.linePos(offsetOf(first)).line}; keys must be unique`
    report(key, cannotBeSecret(name) ? `the key ${name} ${words}` : `this key ${words}`)
  }
  const look = (node: Scalar | YAMLMap | YAMLSeq): void => {
    if (node.anchor) anchors.add(node.anchor)
    if (node.tag && !plainTags.includes(node.tag))
      report(node, 'tags are not supported: everything is read as text; text that begins with ! needs quotes')
  }
  visit(document, {
    Alias(_, alias) {
      if (anchors.has(alias.source)) return
      report(alias, 'a word that begins with * is an alias in YAML; a code or password needs quotes, such as "*77*"')
    },
    Scalar(_, scalar) {
      look(scalar)
      if (scalar.type === 'PLAIN' && /^(null|~)$/i.test(scalar.source ?? '')) report(scalar, nullWords)
    },
    Seq: (_, list) => look(list),
    Map(_, map) {
      look(map)
      if (found.length > maxFound) return visit.BREAK
      const names = new Map<string, Scalar>()
      for (const { key } of map.items) {
        if (!isScalar(key)) report(key, 'expected a key of one word')
        else if (key.value === '<<') report(key, 'merge keys (<<) are not supported: write the keys out')
        else if (names.has(String(key.value))) reportTwin(key, names.get(String(key.value)))
        else names.set(String(key.value), key)
        if (found.length > maxFound) return visit.BREAK
      }
      return undefined
    },
  })
  return found
}

/** A node in its place, or repeated by an alias. */
type Reading = 'written' | 'copy'

/** An alias that contains itself, or aliases of aliases that multiply. */
function copiesOf({ contents }: Document): readonly Hazard[] {
  const anchors = new Map<string, Node>()
  const open = new Set<Node>()
  let aliases = 0
  let copies = 0

  function hazardOf(alias: Alias, as: Reading): Hazard | null {
    const target = anchors.get(alias.source)
    if (!target) return null
    if (open.has(target)) return { offset: offsetOf(alias), message: 'an alias contains itself' }
    if (as === 'written' && ++aliases > maxAliases) return { offset: offsetOf(alias), message: `expected at most ${maxAliases} aliases` }
    const inside = walk(target, 'copy')
    // The outermost alias is reported, not one deep inside another.
    return inside && as === 'written' ? { offset: offsetOf(alias), message: inside.message } : inside
  }

  function walk(node: unknown, as: Reading): Hazard | null {
    if (!isNode(node)) return null
    if (as === 'copy' && ++copies > maxCopies) return { offset: offsetOf(node), message: 'aliases of aliases make this too large' }
    if (isAlias(node)) return hazardOf(node, as)
    if (node.anchor && as === 'written') anchors.set(node.anchor, node)
    if (!isMap(node) && !isSeq(node)) return null
    if (open.size > maxDepth) return { offset: offsetOf(node), message: `nested too deeply: expected at most ${maxDepth} levels` }
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
