import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { circles, layerOf, objection, objections, partOf } from './support/repo/layers.js'
import { childrenOf, filesUnder, parseSource, readTree, root, type SourceFile, type SyntaxNode, visit } from './support/repo/source-tree.js'

/** What may be larger than the rest, and why. An exemption that nobody needs any more fails as well. */
const exemptions: Readonly<Record<string, string>> = {}

const limits = { fileLines: 350, functionLines: 60, parameters: 5, filesInFolder: 15, luaLines: 1_000 }

const sources = readTree('src')
const typescript = sources.filter(({ path }) => path.endsWith('.ts'))
const tests = readTree('test')

/** Leaves out what is exempt, and adds exemptions without need. */
function judged(rule: string, found: readonly string[]): string[] {
  const exempt = Object.keys(exemptions).filter((key) => key.startsWith(`${rule}: `))
  const isExempt = (key: string, line: string): boolean => line.startsWith(key.slice(rule.length + 2))
  const unneeded = exempt.filter((key) => !found.some((line) => isExempt(key, line))).map((key) => `exemption without need: ${key}`)
  return [...found.filter((line) => !exempt.some((key) => isExempt(key, line))), ...unneeded]
}

/** `file:line` of each node that the rule dislikes. */
function places(files: readonly SourceFile[], dislikes: (node: SyntaxNode) => boolean): string[] {
  return files.flatMap((file) => {
    const found: string[] = []
    visit(file.program, (node) => {
      if (dislikes(node)) found.push(`${file.path}:${file.lineOf(node.start)}`)
    })
    return found
  })
}

function importersOf(isMeant: (name: string) => boolean): string[] {
  return typescript.filter(({ imports }) => imports.some(({ name }) => isMeant(name))).map(({ path }) => path)
}

const property = (node: SyntaxNode, name: string): SyntaxNode | null => (node[name] as SyntaxNode | null | undefined) ?? null

/** `Date.now`, `process.env` */
function isMember(node: SyntaxNode, object: string, member: string): boolean {
  return node.type === 'MemberExpression' && property(node, 'object')?.name === object && property(node, 'property')?.name === member
}

describe('layers', () => {
  test('every folder and file of src has its layer', () => {
    const unplaced = typescript.map(({ path }) => partOf(path)).filter((part) => layerOf(part) < 0)
    expect(unplaced).toEqual([])
  })

  test('a file imports only its own folder or a lower layer, and other folders by their door', () => {
    expect(objections(typescript)).toEqual([])
  })

  test('no files import each other in a circle, types included', () => {
    expect(circles(typescript)).toEqual([])
  })

  test('the rule itself tells right from wrong', () => {
    expect(objection('src/calls/call.ts', 'src/srf/srf.ts')).toBeNull()
    expect(objection('src/hotdesk/pin.ts', 'src/directory/directory.ts')).toBeNull()
    expect(objection('src/calls/call.ts', 'src/srf/invite.ts')).toBe('not by the door src/srf/srf.ts')
    expect(objection('src/calls/call.ts', 'src/ivr/ivr.ts')).toBe('calls and ivr are of one layer')
    expect(objection('src/sip/uri/uri.ts', 'src/sipd/sipd.ts')).toBe('sip is below sipd')
    expect(objection('src/srf/srf.ts', 'src/utils/text.ts')).toBe('utils is in no layer')
    const circle = [parseSource('src/a.ts', "import type { B } from './b.js'"), parseSource('src/b.ts', "export * from './a.js'")]
    expect(circles(circle)).toEqual(['src/a.ts → src/b.ts → src/a.ts'])
  })
})

describe('one place for each', () => {
  test('only srf imports drachtio-srf, only store imports ioredis', () => {
    expect(importersOf((name) => name.startsWith('drachtio-')).filter((path) => partOf(path) !== 'srf')).toEqual([])
    expect(importersOf((name) => name === 'ioredis').filter((path) => partOf(path) !== 'store')).toEqual([])
    expect(importersOf((name) => name === 'drachtio-srf' || name === 'ioredis').length).toBeGreaterThan(0)
  })

  test('only config reads the environment', () => {
    const readers = places(typescript, (node) => isMember(node, 'process', 'env'))
    expect([...new Set(readers.map((place) => place.split(':')[0]))]).toEqual(['src/config/environment.ts'])
  })

  test('only base/clock.ts asks for the time or waits', () => {
    const waits = (node: SyntaxNode): boolean =>
      node.type === 'CallExpression' && ['setTimeout', 'setInterval'].includes(String(property(node, 'callee')?.name))
    const asks = (node: SyntaxNode): boolean =>
      isMember(node, 'Date', 'now') || isMember(node, 'performance', 'now') || isMember(node, 'process', 'hrtime') || isNewDate(node)
    const others = places(typescript, (node) => waits(node) || asks(node)).filter((place) => !place.startsWith('src/base/clock.ts'))
    expect(others).toEqual([])
    expect(importersOf((name) => name.startsWith('node:timers'))).toEqual([])
  })

  test('only a schema names a default; other values are required, or constants of a standard', () => {
    const schemas = ['src/config/schema/', 'src/dialplan/', 'src/directory/records.ts']
    const ofStandards = ['defaultPorts', 'defaultStatus', 'usualProtocol']
    const isDefault = (name: string): boolean => /^(default|usual)[A-Z]/.test(name) && !ofStandards.includes(name)
    const named = places(
      typescript.filter(({ path }) => !schemas.some((start) => path.startsWith(start))),
      (node) => node.type === 'VariableDeclarator' && isDefault(String(property(node, 'id')?.name)),
    )
    expect(named).toEqual([])
  })

  function isNewDate(node: SyntaxNode): boolean {
    return node.type === 'NewExpression' && property(node, 'callee')?.name === 'Date' && (node.arguments as unknown[]).length === 0
  }
})

describe('sizes', () => {
  test(`no file has more than ${limits.fileLines} lines`, () => {
    const long = [...sources, ...tests].filter(({ lines }) => lines > limits.fileLines)
    expect(
      judged(
        'file',
        long.map(({ path, lines }) => `${path} has ${lines}`),
      ),
    ).toEqual([])
  })

  test(`no function has more than ${limits.functionLines} lines or ${limits.parameters} parameters`, () => {
    const large = sources.flatMap(({ path, functions }) =>
      functions
        .filter(({ lines, parameters }) => lines > limits.functionLines || parameters > limits.parameters)
        .map(({ line, lines, parameters }) => `${path}:${line} has ${lines} lines, ${parameters} parameters`),
    )
    expect(judged('function', large)).toEqual([])
  })

  test(`no folder of src has more than ${limits.filesInFolder} files besides its README`, () => {
    const folders = filesUnder('src')
      .filter((path) => !path.endsWith('/README.md'))
      .map(dirname)
    const full = Array.from(new Set(folders), (folder) => [folder, folders.filter((other) => other === folder).length] as const)
    const crowded = full.filter(([, files]) => files > limits.filesInFolder).map(([folder, files]) => `${folder} has ${files}`)
    expect(judged('folder', crowded)).toEqual([])
  })

  test(`the Lua library, all its files together, has at most ${limits.luaLines} lines`, () => {
    const sources = filesUnder('src').filter((path) => path.endsWith('.lua'))
    expect(sources.length).toBeGreaterThan(1)
    const lines = sources.flatMap((path) => readFileSync(join(root, path), 'utf8').trimEnd().split('\n'))
    expect(lines.length).toBeLessThanOrEqual(limits.luaLines)
  })

  test('each Lua file but the first is one block, so that its names are its own', () => {
    for (const path of filesUnder('src').filter((file) => file.endsWith('.lua') && !file.endsWith('/library.lua')))
      expect(readFileSync(join(root, path), 'utf8'), path).toMatch(/^do --.*\n(?:.*\n)*end\n$/)
  })
})

describe('style', () => {
  test('no default exports and no files that only pass on what others export', () => {
    expect(places(typescript, ({ type }) => type === 'ExportDefaultDeclaration')).toEqual([])
    const passesOn = ({ type, source }: SyntaxNode): boolean => type.startsWith('Export') && source !== null && source !== undefined
    const barrels = typescript.filter(({ program }) => statements(program).length > 0 && statements(program).every(passesOn))
    expect(barrels.map(({ path }) => path)).toEqual([])
  })

  test('no file or folder is named for nothing', () => {
    const empty = /(^|[/-])(utils?|helpers?|services?|managers?|misc|common|shared)([./-]|$)/
    expect(filesUnder('src').filter((path) => empty.test(path))).toEqual([])
    expect(empty.test('src/calls/call-utils.ts') && empty.test('src/helpers/x.ts')).toBe(true)
  })

  test('no function takes a boolean beside something else: at the call nobody could tell what `true` means', () => {
    const isBoolean = (parameter: SyntaxNode): boolean => {
      const annotation = property(parameter, 'typeAnnotation') ?? property(property(parameter, 'left') ?? parameter, 'typeAnnotation')
      return annotation !== null && property(annotation, 'typeAnnotation')?.type === 'TSBooleanKeyword'
    }
    const takesFlag = ({ type, params }: SyntaxNode): boolean =>
      type !== 'TSFunctionType' && Array.isArray(params) && params.length > 1 && (params as SyntaxNode[]).some(isBoolean)
    const caught = parseSource('x.ts', 'function ring(phone: string, loud: boolean) {}')
    expect(places([caught], takesFlag)).toEqual(['x.ts:1'])
    expect(places(typescript, takesFlag)).toEqual([])
  })

  test('tests replace neither our own parts nor the clock of the machine', () => {
    const replaces = (node: SyntaxNode): boolean => ['mock', 'doMock', 'spyOn', 'useFakeTimers'].some((name) => isMember(node, 'vi', name))
    expect(places(tests, replaces)).toEqual([])
  })

  function statements(program: SyntaxNode): SyntaxNode[] {
    return childrenOf(program)
  }
})

describe('standards', () => {
  const map = readFileSync(join(root, 'src/README.md'), 'utf8')
  const rows = map.split('\n').filter((line) => line.startsWith('| RFC '))
  const numbersIn = (text: string): string[] => [...new Set(Array.from(text.matchAll(/RFC (\d{3,5})/g), ([, number]) => number ?? ''))]
  const citedIn = (folder: string): string[] =>
    numbersIn(sources.flatMap(({ path, text }) => (path.startsWith(folder) ? text : [])).join('\n'))

  test('every RFC that src cites is in the list of src/README.md', () => {
    const listed = numbersIn(rows.join('\n'))
    expect(citedIn('src/').filter((number) => !listed.includes(number))).toEqual([])
  })

  test('every folder that the list names cites the RFC', () => {
    const untrue = rows.flatMap((row) => {
      const folders = Array.from(row.matchAll(/`([a-z]+\/)`/g), ([, folder]) => `src/${folder}`)
      return folders.flatMap((folder) =>
        numbersIn(row).flatMap((number) => (citedIn(folder).includes(number) ? [] : `RFC ${number} in ${folder}`)),
      )
    })
    expect(untrue).toEqual([])
    expect(rows.length).toBeGreaterThan(20)
  })
})
