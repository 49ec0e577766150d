import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { errorCodes } from '../src/base/errors.js'
import { logEvents } from '../src/base/events.js'
import { createMetrics } from '../src/base/metrics.js'
import { createProgram } from '../src/cli/program.js'
import { createTerminal } from '../src/cli/terminal.js'
import { options } from '../src/config/config.js'
import { hotdeskLibrary, streamEvents } from '../src/hotdesk/hotdesk.js'
import { filesUnder, parseSource, readTree, root, type SyntaxNode, visit } from './support/repo/source-tree.js'

const readme = readFileSync(join(root, 'README.md'), 'utf8')
const sources = readTree('src')

const inStream: readonly string[] = streamEvents

/** The first cells of the rows under a heading, without their backquotes. */
function tableUnder(heading: string): string[] {
  const section = readme.slice(readme.indexOf(`\n${heading}\n`) + heading.length + 2).split(/\n#{2,3} /)[0] ?? ''
  return Array.from(section.matchAll(/^\| `([^`]+)`/gm), ([, cell]) => cell ?? '')
}

const code = (text: string | null): string => (text === null ? '' : `\`${text}\``)

describe('README', () => {
  test('explains every error code, and no other', () => {
    expect(tableUnder('### Errors')).toEqual([...errorCodes])
  })

  test('explains every event of the log, and no other', () => {
    expect(tableUnder('### Logs')).toEqual([...logEvents])
  })

  test('explains every event of the stream, and no other', () => {
    expect(tableUnder('### Events').sort()).toEqual([...inStream].sort())
  })

  test('explains every metric of our own, and no other', async () => {
    const metrics = await createMetrics().registry.getMetricsAsJSON()
    const ours = metrics.map(({ name }) => name).filter((name) => name.startsWith('hotdesk_'))
    expect(tableUnder('### HTTP').sort()).toEqual(ours.sort())
  })

  test('shows every setting with the variable, default and description that the schema has', () => {
    const shown = readme.split('\n').filter((line) => /^\| `[^`]+` *\| `HOTDESK_/.test(line))
    const cells = shown.map((line) => line.split(/ *\| */).slice(1, -1))
    expect(cells).toEqual(
      options.map(({ key, variable, fallback, description }) => [code(key), code(variable), code(fallback), description]),
    )
  })

  test('names every command, and no other', () => {
    const out = new PassThrough()
    const terminal = createTerminal({ out, err: out, colour: 'plain' })
    const program = createProgram({ terminal, provide: () => Promise.resolve(), exit: () => undefined })
    expect(tableUnder('## For operators').sort()).toEqual(program.commands.map((command) => `hotdesk ${command.name()}`).sort())
  })

  test('names only functions that the library has', () => {
    const named = [...new Set(Array.from(readme.matchAll(/FCALL (hotdesk_[a-z]+)/g), ([, name]) => name ?? ''))]
    expect(named.length).toBeGreaterThan(4)
    expect(named.filter((name) => !hotdeskLibrary.code.includes(`'${name}'`))).toEqual([])
  })

  test('names only scripts that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
    const named = Array.from(readme.matchAll(/npm (?:run )?(start|test|[a-z:]+)(?= |`|\n)/g), ([, name]) => name ?? '')
    expect(named).toContain('demo')
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })
})

describe('every document', () => {
  test('links only to what is there', () => {
    const documents = ['README.md', ...['src', 'dialplans', 'prompts'].flatMap(filesUnder).filter((path) => path.endsWith('.md'))]
    const dead = documents.flatMap((path) =>
      Array.from(readFileSync(join(root, path), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g), ([, link]) =>
        join(dirname(path), link ?? ''),
      ).filter((link) => !existsSync(join(root, link))),
    )
    expect(dead).toEqual([])
  })
})

describe('the lists that the documents explain', () => {
  /** The texts given as `event` anywhere in the source, stream and log alike. */
  const given = new Set(sources.flatMap((file) => eventsIn(file.program)))

  test('have every event that the source gives', () => {
    const known: readonly string[] = [...logEvents, ...inStream]
    expect([...given].filter((event) => !known.includes(event))).toEqual([])
  })

  const elsewhere = sources.filter(({ path }) => path !== 'src/base/events.ts' && path !== 'src/base/errors.ts').map(({ text }) => text)
  const unused = (words: readonly string[]): string[] => words.filter((word) => !elsewhere.some((text) => text.includes(`'${word}'`)))

  test('have no event that nothing gives', () => {
    expect(unused(logEvents)).toEqual([])
  })

  test('have no error code that nothing raises', () => {
    expect(unused(errorCodes)).toEqual([])
  })

  test('would miss one: a text behind `event` is found', () => {
    expect(eventsIn(parseSource('x.ts', "log.info({ event: fine ? 'a.b' : 'c.d' }, 'x')").program)).toEqual(['a.b', 'c.d'])
  })
})

function eventsIn(program: SyntaxNode): string[] {
  const found: string[] = []
  visit(program, (node) => {
    if (node.type === 'Property' && (node.key as SyntaxNode).name === 'event') found.push(...textsIn(node.value as SyntaxNode))
  })
  return found
}

function textsIn(node: SyntaxNode): string[] {
  const found: string[] = []
  visit(node, ({ type, value }) => {
    if (type === 'Literal' && typeof value === 'string') found.push(value)
  })
  return found
}
