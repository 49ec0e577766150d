/**
 * A backtracking matcher that counts what it does, as the engine of Node does it and without its short cuts: how long a pattern takes is
 * then a number that no busy machine changes. What it does not know it refuses.
 */
export interface CountedPattern {
  /** Steps to find all matches in the text; stops counting at `most`. */
  steps(text: string, most: number): number
  /** Where the first match begins and ends; null without one. For the check against the real engine. */
  first(text: string): readonly [number, number] | null
  readonly tree: PatternNode
}

export type PatternNode =
  | { readonly kind: 'character'; readonly source: string; readonly test: (character: string) => boolean }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly body: PatternNode; readonly from: number; readonly to: number; readonly isLazy: boolean }
  | { readonly kind: 'look'; readonly body: PatternNode; readonly isNegative: boolean }
  | { readonly kind: 'edge'; readonly source: string; readonly holds: (text: readonly string[], at: number) => boolean }

/** Thrown where the bound is reached. */
class TooMany extends Error {}

export function countedPattern(source: string, flags: string): CountedPattern {
  const tree = parsePattern(source, flags)
  let count = 0
  let bound = Number.POSITIVE_INFINITY
  const step = (): void => {
    count += 1
    if (count > bound) throw new TooMany()
  }
  const match = compile(tree, step)

  function find(text: readonly string[], from: number): readonly [number, number] | null {
    const last = flags.includes('y') ? from : text.length
    for (let at = from; at <= last; at += 1) {
      let end = -1
      const isFound = match(text, at, (reached) => {
        end = reached
        return true
      })
      if (isFound) return [at, end]
    }
    return null
  }

  return {
    tree,
    first: (text) => find(charactersOf(text, flags), 0),
    steps(text, most) {
      const characters = charactersOf(text, flags)
      count = 0
      bound = most
      try {
        for (let at = 0; at <= characters.length; ) {
          const found = find(characters, at)
          if (!found) break
          at = Math.max(found[1], found[0] + 1)
        }
      } catch (fault) {
        if (!(fault instanceof TooMany)) throw fault
      } finally {
        bound = Number.POSITIVE_INFINITY
      }
      return count
    },
  }
}

/** With the flag `u` by code points. */
function charactersOf(text: string, flags: string): readonly string[] {
  return flags.includes('u') ? Array.from(text) : text.split('')
}

// ── matching ─────────────────────────────────────────────────────────────────────────────────────────────────────────

type Continue = (at: number) => boolean
type Match = (text: readonly string[], at: number, then: Continue) => boolean

function compile(node: PatternNode, step: () => void): Match {
  switch (node.kind) {
    case 'character':
      return (text, at, then) => {
        step()
        const character = text[at]
        return character !== undefined && node.test(character) && then(at + 1)
      }
    case 'edge':
      return (text, at, then) => {
        step()
        return node.holds(text, at) && then(at)
      }
    case 'sequence':
      return compileSequence(node.parts.map((part) => compile(part, step)))
    case 'choice': {
      const options = node.options.map((option) => compile(option, step))
      return (text, at, then) => options.some((option) => option(text, at, then))
    }
    case 'look': {
      const body = compile(node.body, step)
      return (text, at, then) => body(text, at, () => true) !== node.isNegative && then(at)
    }
    case 'repeat':
      return node.body.kind === 'character' ? compileRun(node, node.body.test, step) : compileRepeat(node, compile(node.body, step))
  }
}

function compileSequence(parts: readonly Match[]): Match {
  const from =
    (index: number): Match =>
    (text, at, then) => {
      const part = parts[index]
      return part ? part(text, at, (reached) => from(index + 1)(text, reached, then)) : then(at)
    }
  return from(0)
}

type Repeat = Extract<PatternNode, { kind: 'repeat' }>

/** One character repeated, without a recursion: texts have thousands of them. */
function compileRun({ from, to, isLazy }: Repeat, test: (character: string) => boolean, step: () => void): Match {
  const fits = (text: readonly string[], at: number): boolean => {
    step()
    const character = text[at]
    return character !== undefined && test(character)
  }
  const goOn = (then: Continue, at: number): boolean => {
    step()
    return then(at)
  }
  return (text, at, then) => {
    let taken = 0
    if (isLazy) {
      for (; taken < from; taken += 1) if (!fits(text, at + taken)) return false
      for (; !goOn(then, at + taken); taken += 1) if (taken >= to || !fits(text, at + taken)) return false
      return true
    }
    while (taken < to && fits(text, at + taken)) taken += 1
    for (; taken >= from; taken -= 1) if (goOn(then, at + taken)) return true
    return false
  }
}

function compileRepeat({ from, to, isLazy }: Repeat, body: Match): Match {
  const run = (text: readonly string[], at: number, done: number, then: Continue): boolean => {
    // An empty turn is the last one (ECMAScript, RepeatMatcher).
    const again = (): boolean =>
      done < to && body(text, at, (reached) => (reached > at || done < from) && run(text, reached, done + 1, then))
    const leave = (): boolean => done >= from && then(at)
    return isLazy ? leave() || again() : again() || leave()
  }
  return (text, at, then) => run(text, at, 0, then)
}

// ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Reading {
  readonly source: string
  readonly flags: string
  at: number
}

function parsePattern(source: string, flags: string): PatternNode {
  const reading: Reading = { source, flags, at: 0 }
  const tree = readChoice(reading)
  if (reading.at < source.length) throw refusal(reading)
  return tree
}

function refusal({ source, at }: Reading): Error {
  return new Error(`the pattern /${source}/ has something at ${at} that the counter does not know: teach it`)
}

function readChoice(reading: Reading): PatternNode {
  const options = [readSequence(reading)]
  while (reading.source[reading.at] === '|') {
    reading.at += 1
    options.push(readSequence(reading))
  }
  return options.length === 1 && options[0] ? options[0] : { kind: 'choice', options }
}

function readSequence(reading: Reading): PatternNode {
  const parts: PatternNode[] = []
  while (reading.at < reading.source.length && !'|)'.includes(reading.source[reading.at] ?? '')) parts.push(readQuantified(reading))
  return parts.length === 1 && parts[0] ? parts[0] : { kind: 'sequence', parts }
}

function readQuantified(reading: Reading): PatternNode {
  const body = readAtom(reading)
  const found = /^(?:[*+?]|\{(\d+)(,(\d*))?\})/.exec(reading.source.slice(reading.at))
  if (!found) return body
  reading.at += found[0].length
  const isLazy = reading.source[reading.at] === '?'
  if (isLazy) reading.at += 1
  return { kind: 'repeat', body, isLazy, ...boundsOf(found) }
}

function boundsOf([text, least = '0', range, most = '']: RegExpExecArray): { from: number; to: number } {
  const endless = Number.POSITIVE_INFINITY
  if (text === '*') return { from: 0, to: endless }
  if (text === '+') return { from: 1, to: endless }
  if (text === '?') return { from: 0, to: 1 }
  if (range === undefined) return { from: Number(least), to: Number(least) }
  return { from: Number(least), to: most === '' ? endless : Number(most) }
}

function readAtom(reading: Reading): PatternNode {
  const rest = reading.source.slice(reading.at)
  if (rest.startsWith('(')) return readGroup(reading)
  const edge = /^(?:\^|\$|\\[bB])/.exec(rest)?.[0]
  if (edge !== undefined) {
    reading.at += edge.length
    return { kind: 'edge', source: edge, holds: edgeTest(edge, reading.flags) }
  }
  const character =
    /^(?:\[(?:\\.|[^\]\\])*\]|\\(?:u\{[0-9A-Fa-f]+\}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[pP]\{[^}]*\}|[^1-9kbB])|[^\\()[\]*+?{}|^$])/su.exec(
      rest,
    )?.[0]
  if (character === undefined) throw refusal(reading)
  reading.at += character.length
  return { kind: 'character', source: character, test: characterTest(character, reading.flags) }
}

function readGroup(reading: Reading): PatternNode {
  const [opening = ''] = /^\((?:\?:|\?=|\?!|\?<[A-Za-z]\w*>)?/.exec(reading.source.slice(reading.at)) ?? []
  reading.at += opening.length
  const body = readChoice(reading)
  if (reading.source[reading.at] !== ')') throw refusal(reading)
  reading.at += 1
  return opening === '(?=' || opening === '(?!' ? { kind: 'look', body, isNegative: opening === '(?!' } : body
}

/** One character is asked of the real engine: classes, escapes and the flags are then what they are. */
function characterTest(source: string, flags: string): (character: string) => boolean {
  const real = new RegExp(`^(?:${source})$`, flags.replace(/[gym]/g, ''))
  const known = new Map<string, boolean>()
  return (character) => {
    const answer = known.get(character) ?? real.test(character)
    known.set(character, answer)
    return answer
  }
}

function edgeTest(edge: string, flags: string): (text: readonly string[], at: number) => boolean {
  const isLineEnd = (character: string | undefined): boolean => character !== undefined && '\n\r\u2028\u2029'.includes(character)
  const isWord = (character: string | undefined): boolean => character !== undefined && /\w/.test(character)
  const isMultiline = flags.includes('m')
  if (edge === '^') return (text, at) => at === 0 || (isMultiline && isLineEnd(text[at - 1]))
  if (edge === '$') return (text, at) => at === text.length || (isMultiline && isLineEnd(text[at]))
  return (text, at) => (isWord(text[at - 1]) !== isWord(text[at])) === (edge === '\\b')
}
