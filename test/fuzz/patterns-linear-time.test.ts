import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { getCountries, Metadata } from 'libphonenumber-js/max'
import { describe, expect, test } from 'vitest'
import { type HostileText, hostileText, hostileTexts, partsOf } from '../support/net/hostile-texts.js'
import { countedPattern, type PatternNode } from '../support/repo/regex-steps.js'
import { filesUnder, parseSource, readTree, root, type SourceFile, visit } from '../support/repo/source-tree.js'

/** No pattern may take a time that grows faster than its text. Counted in steps, so that a busy machine changes nothing. */
const lengths = [128, 256, 512] as const
/** For 512 characters far too many. */
const mostSteps = 300_000

interface Pattern {
  readonly where: string
  readonly source: string
  readonly flags: string
}

/** The text with which the steps grow faster than the length, twice in a row; null where there is none. */
function weakness({ source, flags }: Pick<Pattern, 'source' | 'flags'>): string | null {
  const counted = countedPattern(source, flags)
  if (!repeats(counted.tree)) return null
  const effort = (text: HostileText, length: number): number => {
    const whole = hostileText(text, Math.ceil(length / text.pump.length))
    const steps = counted.steps(whole, mostSteps)
    return steps < mostSteps ? steps / whole.length : Number.POSITIVE_INFINITY
  }
  const found = hostileTexts(counted.tree).find((text) => {
    const [small, middle, large] = lengths.map((length) => effort(text, length)) as [number, number, number]
    return large === Number.POSITIVE_INFINITY || (middle > small * 1.5 && large > middle * 1.5)
  })
  return found ? `${JSON.stringify(found.before)} + ${JSON.stringify(found.pump)} × n + ${JSON.stringify(found.behind)}` : null
}

/** Without a part that may take any number of characters, each character costs at most a constant. */
function repeats(node: PatternNode): boolean {
  return (node.kind === 'repeat' && node.to > 20) || partsOf(node).some(repeats)
}

function patternsIn(files: readonly SourceFile[]): Pattern[] {
  const patterns: Pattern[] = []
  for (const file of files) {
    visit(file.program, (node) => {
      const regex = node.regex as { readonly pattern: string; readonly flags: string } | undefined
      if (regex) patterns.push({ where: `${file.path}:${file.lineOf(node.start)}`, source: regex.pattern, flags: regex.flags })
    })
  }
  return patterns
}

const tree = readTree('src')

function expectLinear(patterns: readonly Pattern[]): void {
  const weak = patterns.map((pattern) => ({ ...pattern, by: weakness(pattern) })).filter(({ by }) => by !== null)
  expect(weak.map(({ where, source, by }) => `${where} /${source}/ by ${by}`)).toEqual([])
}

/** Its patterns are in the metadata of libphonenumber. */
const ofPrefixes = 'src/dialplan/numbers/unread-number.ts'

describe('no pattern takes a time that grows faster than its text', () => {
  test('in src', () => {
    const patterns = patternsIn(tree)
    expect(patterns.length).toBeGreaterThan(100)
    expectLinear(patterns)
  })

  test('in src all patterns are literals that the test can read, and the prefixes of calls abroad repeat nothing', () => {
    const made: string[] = []
    for (const file of tree) {
      visit(file.program, (node) => {
        const callee = node.callee as { readonly name?: string } | undefined
        if (callee?.name === 'RegExp') made.push(`${file.path}:${file.lineOf(node.start)}`)
      })
    }
    expect(made.map((place) => place.replace(/:\d+$/, ''))).toEqual([ofPrefixes])
    const repeating = getCountries().filter((country) => {
      const metadata = new Metadata()
      metadata.selectNumberingPlan(country)
      return !/^(?:[0-9()?:|[\]-]|\\d)*$/.test(metadata.numberingPlan?.IDDPrefix() ?? '')
    })
    expect(repeating).toEqual([])
  })

  test('in the functions of Redis', () => {
    const patterns = filesUnder('src')
      .filter((path) => path.endsWith('.lua'))
      .flatMap(luaPatternsIn)
    expect(patterns.length).toBeGreaterThan(8)
    expectLinear(patterns)
  })

  test('in the grammar of session descriptions that we use', () => {
    const path = 'node_modules/sdp-transform/lib/grammar.js'
    const patterns = patternsIn([parseSource(path, readFileSync(join(root, path), 'utf8'))])
    expect(patterns.length).toBeGreaterThan(50)
    expectLinear(patterns)
  })
})

/** `text:match('^%d+$')`: the patterns of Lua, written as ours. */
function luaPatternsIn(path: string): Pattern[] {
  const text = readFileSync(join(root, path), 'utf8')
  const calls = text.matchAll(/:(?:match|gmatch|gsub|find)\('((?:[^'\\]|\\.)*)'/g)
  return Array.from(calls, ([, pattern = '']) => ({ where: path, source: fromLua(pattern), flags: '' }))
}

const luaClasses: Readonly<Record<string, string>> = { d: '0-9', s: '\\s', w: 'A-Za-z0-9', a: 'A-Za-z', S: '\\S', D: '\\D', W: '\\W' }

function fromLua(pattern: string): string {
  let inClass = false
  return pattern
    .replace(/%(.)|([[\]{}/\\|?*+.])/g, (_whole, escaped: string | undefined, sign: string | undefined) => {
      if (sign === '[' || sign === ']') inClass = sign === '['
      if (sign !== undefined) return '{}/|'.includes(sign) || (inClass && sign !== '[' && sign !== ']') ? `\\${sign}` : sign
      const known = luaClasses[escaped ?? '']
      if (known === undefined) return `\\${escaped ?? ''}`
      return inClass || known.startsWith('\\') ? known : `[${known}]`
    })
    .replaceAll(/\[\*\?%?\[$/g, '[*?%\\[')
}

describe('this test can fail', () => {
  const weak: readonly (readonly [source: string, flags: string])[] = [
    ['\\s+$', ''],
    ['^\\s*signal\\s*=\\s*(\\S+)', 'im'],
    ['"a".*"b"', ''],
    ['^(a+)+$', ''],
    ['^(a|aa)*b', ''],
    ['^(\\d+,?)*;', ''],
    ['([0-9]+)([smhd])', 'g'],
    ['^[ \\t]*[^:]*[ \\t]*:', ''],
    ['(?:\\w+\\.)*\\w+@', ''],
    ['^(?:[^"]|\\\\.)*(?:[^"]|\\\\.)*"', ''],
  ]
  test.each(weak)('/%s/%s is detected', (source, flags) => {
    expect(weakness({ source, flags })).not.toBeNull()
  })

  const sound: readonly (readonly [source: string, flags: string])[] = [
    ['^\\s*a', ''],
    ['[ \\t]+', 'g'],
    ['^(?:[^"\\\\]|\\\\.)*"', ''],
    ['^(\\w+):(.*?)\\r?$', 'gm'],
    ['(?:l|content-length)[ \\t]*:', 'iy'],
  ]
  test.each(sound)('/%s/%s is not reported', (source, flags) => {
    expect(weakness({ source, flags })).toBeNull()
  })

  test('the counter matches what the engine matches', () => {
    const patterns = patternsIn(tree).map(({ source, flags }) => ({ counted: countedPattern(source, flags), source, flags }))
    const letters = fc.constantFrom(...Array.from(' \t\r\n:;,.=%@<>[]"#*+-/0159aAbdefhlnorstuvwz'), 'signal=', 'sip:', 'é')
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 12 }), fc.nat(patterns.length - 1), (parts, index) => {
        const pattern = patterns[index]
        if (!pattern) return
        const text = parts.join('')
        const real = new RegExp(pattern.source, pattern.flags).exec(text)
        expect(pattern.counted.first(text)).toEqual(real && [real.index, real.index + real[0].length])
      }),
      { numRuns: 20_000 },
    )
  })
})
