import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorList } from '../src/base/errors.js'
import { logEvents } from '../src/base/events.js'
import { dialplanSchema } from '../src/dialplan/dialplan.js'
import { hotdeskLibrary, streamEvents } from '../src/hotdesk/hotdesk.js'
import { filesUnder, parseSource, readTree, root, type SyntaxNode, visit } from './support/repo/source-tree.js'
import { markersIn, tables, withTables } from './support/repo/tables.js'

const sources = readTree('src')
const documents = ['README.md', 'CHANGELOG.md', ...['src', 'dialplans', 'prompts', 'docker', 'test'].flatMap(filesUnder)].filter((path) =>
  path.endsWith('.md'),
)
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const inStream: readonly string[] = Object.keys(streamEvents)

test('README fits into 200 lines', () => {
  expect(read('README.md').split('\n').length).toBeLessThanOrEqual(200)
})

test('dialplans/dialplan.schema.json, for editors, is what `hotdesk schema dialplan` prints', async () => {
  await expect(`${JSON.stringify(dialplanSchema(), null, 2)}\n`).toMatchFileSnapshot(join(root, 'dialplans/dialplan.schema.json'))
})

describe('every document', () => {
  test.each(documents.filter((path) => markersIn(read(path)).length > 0))('%s has the tables that `npm run docs` writes', async (path) => {
    await expect(withTables(read(path))).toMatchFileSnapshot(join(root, path))
  })

  test('shows each table in one place', () => {
    expect(documents.flatMap((path) => markersIn(read(path))).sort()).toEqual(Object.keys(tables).sort())
  })

  test('names only functions that the library has', () => {
    const named = [...new Set(Array.from(read('src/store/README.md').matchAll(/FCALL (hotdesk_[a-z]+)/g), ([, name]) => name ?? ''))]
    expect(named.length).toBeGreaterThan(4)
    expect(named.filter((name) => !hotdeskLibrary.code.includes(`'${name}'`))).toEqual([])
  })

  test('names only scripts that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = documents.flatMap((path) =>
      Array.from(read(path).matchAll(/npm (?:run )?(start|test|(?<=run )[a-z:]+)(?= |`|\n)/g), ([, name]) => name ?? ''),
    )
    expect(named).toContain('demo')
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })

  test('links only to what is there', () => {
    const dead = documents.flatMap((path) =>
      Array.from(read(path).matchAll(/\]\((?!https?:)([^)#]+)/g), ([, link]) => join(dirname(path), link ?? '')).filter(
        (link) => !existsSync(join(root, link)),
      ),
    )
    expect(dead).toEqual([])
  })

  test('src/README.md names only files and folders that are there', () => {
    const named = Array.from(read('src/README.md').matchAll(/`([a-z-]+\/[\w/.-]*)`/g), ([, path = '']) => path).filter(
      (path) => !/^(?:test|transport|transaction|core|proxy|admin)\//.test(path) && !/^[a-z-]+\/$/.test(path),
    )
    expect(named.length).toBeGreaterThan(8)
    expect(named.filter((path) => !existsSync(join(root, 'src', path)))).toEqual([])
  })

  test('links only to headings that are there', () => {
    const anchorsOf = (path: string): string[] => Array.from(read(path).matchAll(/^#+ (.*)$/gm), ([, title = '']) => anchorOf(title))
    const dead = documents.flatMap((path) =>
      Array.from(read(path).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)).flatMap(([link, file = '', anchor = '']) =>
        anchorsOf(file === '' ? path : join(dirname(path), file)).includes(anchor) ? [] : `${path}: ${link}`,
      ),
    )
    expect(dead).toEqual([])
  })
})

/** The fragment that GitHub gives a heading. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

describe('the lists that the documents explain', () => {
  /** The texts given as `event` anywhere in the source, stream and log alike. */
  const given = new Set(sources.flatMap((file) => eventsIn(file.program)))

  test('have every event that the source gives', () => {
    const known: readonly string[] = [...Object.keys(logEvents), ...inStream]
    expect([...given].filter((event) => !known.includes(event))).toEqual([])
  })

  const elsewhere = sources.filter(({ path }) => path !== 'src/base/events.ts').map(({ text }) => text)
  const unused = (words: readonly string[]): string[] => words.filter((word) => !elsewhere.some((text) => text.includes(`'${word}'`)))

  test('have no event that nothing gives', () => {
    expect(unused(Object.keys(logEvents))).toEqual([])
  })

  test('have exactly the errors that the source raises', () => {
    const listed = Object.entries(errorList).flatMap(([code, { messages }]) => Object.keys(messages).map((name) => `${code}.${name}`))
    const raised = new Set(sources.flatMap(({ path, text }) => (path.startsWith('src/base/errors/') ? [] : errorsIn(text))))
    expect([...raised].toSorted()).toEqual(listed.toSorted())
  })

  test('are the only place of error messages: an AppError is made nowhere else, but for one from another thread or process', () => {
    const makers = sources.filter(({ text }) => text.includes('new AppError(')).map(({ path }) => path)
    expect(makers).toEqual(['src/base/errors.ts', 'src/control/control.ts', 'src/sipd/thread/thread.ts'])
  })

  test('would miss one: an error is found however its line is broken', () => {
    expect(errorsIn("errors.A_B.c({})\nerrors.D\n  .e()\ninvalid('F', 1)")).toEqual(['A_B.c', 'D.e', 'F.problems'])
  })

  test('would miss one: a text behind `event` is found', () => {
    expect(eventsIn(parseSource('x.ts', "log.info({ event: fine ? 'a.b' : 'c.d' }, 'x')").program)).toEqual(['a.b', 'c.d'])
  })
})

/** `CODE.message` of each error that a source raises. */
function errorsIn(text: string): string[] {
  const named = Array.from(text.matchAll(/\berrors\s*\.([A-Z_]+)\s*\.(\w+)\(/g), ([, code, name]) => `${code}.${name}`)
  const invalid = Array.from(text.matchAll(/\binvalid\('([A-Z_]+)'/g), ([, code]) => `${code}.problems`)
  return [...named, ...invalid]
}

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
