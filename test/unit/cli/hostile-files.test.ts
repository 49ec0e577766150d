import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { createTerminal } from '../../../src/cli/output/terminal.js'
import { main } from '../../../src/main.js'
import { finishedPlanText } from '../../support/node/sample-plan.js'
import { tied } from '../../support/process/child.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

const times = (text: string, count: number): string => text.repeat(count)
const numbered = (form: (index: number) => string, count: number): string =>
  Array.from({ length: count }, (_, index) => form(index)).join('')

/** YAML that is written to mislead or to take a machine down; each is refused at the line named, in a moment. */
const hostile: Readonly<Record<string, readonly [content: string, problem: RegExp]>> = {
  'aliases of aliases of aliases': [
    `a: &a [${times('x, ', 20)}x]\n${numbered((index) => `b${index}: &b${index} [${times(index ? `*b${index - 1}, ` : '*a, ', 20)}x]\n`, 10)}`,
    /x\.yaml:[0-9]+:[0-9]+ +aliases of aliases make this too large/,
  ],
  'an alias that contains itself': ['node: paris-1\nsip: &a { listen: [*a] }\n', /x\.yaml:2:20 +an alias contains itself/],
  'an alias of a key that stands around it': ['a: &a\n  b: &b { c: *a }\n', /x\.yaml:2:14 +an alias contains itself/],
  'a chain of aliases': [
    `k0: &a0 [x]\n${numbered((index) => `k${index + 1}: &a${index + 1} [*a${index}]\n`, 500)}`,
    /x\.yaml:[0-9]+:[0-9]+ +nested too deeply/,
  ],
  'many aliases': [`k: &a x\nl: [${times('*a, ', 1_001)}]\n`, /x\.yaml:2:[0-9]+ +expected at most 1000 aliases/],
  'an alias of nothing': ['node: *paris\n', /x\.yaml:1:7 +a word that begins with \* is an alias in YAML; a code or password needs quotes/],
  'deep brackets': [times('[', 100_000), /x\.yaml:1:1 +nested too deeply: expected at most 50 levels/],
  'deep braces': [`node: x\n${times('{a: ', 100_000)}`, /x\.yaml:2:1 +nested too deeply/],
  'deep lists': [times('- ', 100_000), /x\.yaml:1:1 +nested too deeply/],
  'deep blocks': [numbered((index) => `${times(' ', index)}a:\n`, 400), /x\.yaml:5[0-9]:1 +nested too deeply/],
  'deep keys': [times('? ', 100_000), /x\.yaml:1:1 +nested too deeply/],
  'a merge key': ['a: &a { node: x }\n<<: *a\n', /x\.yaml:2:1 +merge keys \(<<\) are not supported/],
  'a tag': ['node: !!binary cGFyaXM=\n', /x\.yaml:1:[0-9]+ +tags are not supported/],
  'a tag of a program': ['node: !ruby/object:Gem {}\n', /x\.yaml:1:[0-9]+ +tags are not supported/],
  'a key that is a list': ['? [a, b]\n: c\n', /x\.yaml:1:3 +expected a key of one word/],
  'a key that is used twice': ['node: paris-1\nnode: paris-2\n', /x\.yaml:2:1 +the key node is used twice, first in line 1/],
  'a name of JavaScript': ['__proto__: { node: x }\nconstructor: 1\n', /x\.yaml:[12]:1 +(__proto__|constructor): unknown key/],
  'two documents': ['node: paris-1\n---\nnode: paris-2\n', /x\.yaml:[0-9]+:[0-9]+ +a line of --- begins another document/],
  'control characters': ['node: "\\e[2J"\n', /x\.yaml:1:1 +node: expected a name.*"\\u001b\[2J"/],
  'thousands of unknown keys': [numbered((index) => `k${index}: x\n`, 10_000), /… and [0-9]+ more/],
  'thousands of errors': [times('a: ]\n', 5_000), /… and [0-9]+ more/],
  'a megabyte and more': [`# ${times('x', 1_100_000)}`, /x\.yaml .*cannot be read \(.*too large: expected at most 1 MB/],
  'bytes of another kind of file': ['\u0000\u0001\u0002PNG\r\n', /x\.yaml/],
}

interface Verdict {
  readonly code: number
  readonly err: string
}

/** In this process: what nobody expected is thrown, and fails the test. */
async function check(file: string): Promise<Verdict> {
  const [out, err] = [new PassThrough().resume(), new PassThrough()]
  const code = await main(['check', '--config', file], {
    provide: () => Promise.resolve(),
    terminal: createTerminal({ out, err, colour: 'plain' }),
  })
  err.end()
  return { code, err: await text(err) }
}

/** In one of its own, as it is run. */
async function checkAlone(file: string): Promise<Verdict> {
  const program = resolve(import.meta.dirname, '../../../dist/main.js')
  const child = spawn(...tied(process.execPath, [program, 'check', '--config', file]), { stdio: ['ignore', 'ignore', 'pipe'] })
  const [err, code] = await Promise.all([text(child.stderr), new Promise<number>((done) => child.once('close', done))])
  return { code, err }
}

function fileOf(content: string): string {
  const file = join(temporaryFolder('hostile'), 'x.yaml')
  writeFileSync(file, content)
  return file
}

describe('a configuration of', () => {
  test.each(Object.entries(hostile))('%s is refused with its line, exit code 2 and no stack trace', async (_, [content, problem]) => {
    const { code, err } = await check(fileOf(content))
    expect(err).toMatch(problem)
    expect(err).not.toMatch(/\n\s+at /)
    expect(err.split('\n').length).toBeLessThan(110)
    expect(code).toBe(2)
  })

  test('deep brackets ends the program with a sentence as well', async () => {
    const { code, err } = await checkAlone(fileOf(times('[', 100_000)))
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(
        /^hotdesk: x\.yaml: 1 problem \(CONFIG_INVALID\)\n.*nested too deeply: expected at most 50 levels\n {2}→ [^\n]*\n$/,
      ),
    ])
  })

  test('plain aliases is read', async () => {
    const file = fileOf('node: &name paris-1\nsite: paris\nsip: { domain: hotdesk.example, listen: &l ["udp://127.0.0.1:0"] }\n')
    mkdirSync(join(dirname(file), 'dialplans'))
    writeFileSync(join(dirname(file), 'dialplans/paris.yaml'), finishedPlanText('paris'))
    expect(await check(file)).toEqual({ code: 0, err: '' })
  })

  test('an endless device is refused', async () => {
    const { code, err } = await check('/dev/zero')
    expect([code, err]).toEqual([2, expect.stringMatching(/zero .*cannot be read \(.*too large/)])
  })
})

describe('a dial plan of', () => {
  const settings = (plan: string) => `node: paris-1\nsite: paris\nsip: { domain: hotdesk.example }\ndialplan: ${plan}\n`

  test.each([
    'aliases of aliases of aliases',
    'an alias that contains itself',
    'deep brackets',
    'a merge key',
    'a tag',
    'thousands of errors',
  ])('%s is refused alike', async (name) => {
    const [content = '', problem = /x/] = hostile[name] ?? []
    const { code, err } = await check(fileOf(settings(fileOf(content))))
    expect(err).toMatch(problem)
    expect(err).not.toMatch(/\n\s+at /)
    expect(code).toBe(2)
  })

  test('tens of thousands of extensions is refused before each is compared with each', async () => {
    const plan = `site: paris\nextensions:\n${numbered((index) => `  - "${10_000_000 + index}"\n`, 30_000)}`
    const { code, err } = await check(fileOf(settings(fileOf(plan))))
    expect([code, err]).toEqual([2, expect.stringMatching(/x\.yaml:1999:5 +extensions\[1996\]: expected at most 2000 codes/)])
  })

  test.each(['/dev/zero', '/tmp'])('%s, which is no file, is refused', async (path) => {
    const { code, err } = await check(fileOf(settings(path)))
    expect([code, err]).toEqual([2, expect.stringMatching(/the dial plan .* cannot be read/)])
    expect(err).not.toMatch(/\n\s+at /)
  })
})
