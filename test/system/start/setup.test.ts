import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../support/node/node-health.js'
import { removeFolder } from '../../support/process/remove-folder.js'
import { root } from '../../support/repo/source-tree.js'

let folder: string

/** A small project that begins by our setup, with our packages. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hotdesk-setup-test-'))
  await mkdir(join(folder, 'src/part'), { recursive: true })
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'src/setup.mjs'])
    await copyFile(join(root, file), join(folder, file))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'src/part/words.ts'), "export const words = 'done'\n")
  await writeFile(join(folder, 'src/part/library.lua'), '-- Lua\n')
  await writeFile(
    join(folder, 'src/main.ts'),
    [
      "import { words } from './part/words.js'",
      'export async function main(args: string[], needs: { provide(...programs: string[]): Promise<void>; invocation: string }): Promise<number> {',
      "  if (args[0] === 'invocation') args = [needs.invocation]",
      "  if (args[0] === 'need') await needs.provide('redis-server')",
      "  process.stdout.write([words, ...args].join(' ') + '\\n')",
      "  return args[0] === 'refuse' ? 1 : 0",
      '}',
    ].join('\n'),
  )
})
afterEach(() => removeFolder(folder))

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

interface Place {
  readonly path?: string | undefined
  readonly cwd?: string
  readonly uid?: number
}

function setup(args: readonly string[], { path = process.env.PATH, ...place }: Place = {}): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(folder, 'src/setup.mjs'), ...args], { env: { PATH: path }, ...place }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    )
  })
}

const built = /building/g

describe('setup', () => {
  test.each([
    ['start', 'with 0', [0, null]],
    ['sipd', 'with 0', [0, null]],
    ['say', 'by the signal', [null, 'SIGTERM']],
  ])('of `%s` that is asked to end while it builds ends %s', async (command, _how, end) => {
    const child = execFile(process.execPath, [join(folder, 'src/setup.mjs'), command])
    const exited = once(child, 'exit')
    await until('it builds', () => existsSync(join(folder, '.setup-lock')), Boolean)
    child.kill('SIGTERM')
    expect(await exited).toEqual(end)
    // A start that was killed leaves its lock to the next one.
    expect(existsSync(join(folder, '.setup-lock'))).toBe(command === 'say')
  })

  test('builds, runs the program in its own process, and does neither again', async () => {
    const first = await setup(['say', 'hello'])
    expect(first).toMatchObject({ code: 0, out: 'done say hello\n' })
    expect(first.err).toMatch(built)
    expect(await setup(['say', 'again'])).toEqual({ code: 0, out: 'done say again\n', err: '' })
    expect(await readFile(join(folder, 'dist/part/library.lua'), 'utf8')).toBe('-- Lua\n')
  })

  test('passes the exit code on', async () => {
    expect((await setup(['refuse'])).code).toBe(1)
  })

  test('builds again after a source was edited or removed, and removes stale output', async () => {
    await setup([])
    await writeFile(join(folder, 'src/part/words.ts'), "export const words = 'edited'\n")
    expect(await setup(['x'])).toMatchObject({ out: 'edited x\n', err: expect.stringMatching(built) as string })
    await rm(join(folder, 'src/part/library.lua'))
    expect((await setup(['x'])).err).toMatch(built)
    expect(existsSync(join(folder, 'dist/part/library.lua'))).toBe(false)
    expect(existsSync(join(folder, 'dist/part/words.js'))).toBe(true)
  })

  test('started three times at once builds once', async () => {
    const runs = await Promise.all([setup(['a']), setup(['b']), setup(['c'])])
    expect(runs.map(({ code, out }) => `${code} ${out}`)).toEqual(['0 done a\n', '0 done b\n', '0 done c\n'])
    expect(runs.flatMap(({ err }) => err.match(built) ?? [])).toHaveLength(1)
  })

  test('started ten times at once when all is built, all of them get their turn', async () => {
    await setup([])
    const runs = await Promise.all(Array.from({ length: 10 }, (_, at) => setup([String(at)])))
    expect(runs.filter(({ code }) => code !== 0)).toEqual([])
  })

  test('prints what does not compile, and exits with 1', async () => {
    await writeFile(join(folder, 'src/part/words.ts'), 'export const words: number = "no"\n')
    const { code, err } = await setup(['x'])
    expect(code).toBe(1)
    expect(err).toMatch(/src\/part\/words\.ts\(1,14\): error TS2322/)
    expect((await setup(['x'])).code).toBe(1)
  })

  test('a program that is missing and may not be installed is named, with the command, and ends with 2', async () => {
    await setup([])
    const { code, err } = await setup(['need'], { path: '/nowhere' })
    expect(code).toBe(2)
    expect(err).toMatch(/Install redis-server\. On Debian or Ubuntu: sudo apt-get install redis-server/)
  })

  test('a program that is there is not installed', async () => {
    await setup([])
    expect(await setup(['need'])).toEqual({ code: 0, out: 'done need\n', err: '' })
  })
})

describe('hints name the program', () => {
  const hinted = async (place: Place): Promise<string> => (await setup(['invocation'], place)).out.replace('done ', '').trim()

  test('as hotdesk if the PATH leads to this checkout, and not if to another', async () => {
    await setup([])
    for (const bin of ['ours', 'theirs']) await mkdir(join(folder, bin))
    await chmod(join(folder, 'src/setup.mjs'), 0o755)
    await symlink(join(folder, 'src/setup.mjs'), join(folder, 'ours/hotdesk'))
    await symlink(join(root, 'src/setup.mjs'), join(folder, 'theirs/hotdesk'))
    const path = (bin: string): string => `${join(folder, bin)}:${process.env.PATH}`
    expect(await hinted({ path: path('ours'), cwd: '/' })).toBe('hotdesk')
    expect(await hinted({ path: path('theirs'), cwd: '/' })).toBe(`node ${folder}/src/setup.mjs`)
  })

  test('as npx hotdesk within the checkout, which npx finds without the network', async () => {
    await setup([])
    expect(await hinted({ cwd: join(folder, 'src') })).toBe('npx hotdesk')
    const [command = '', ...args] = 'npx --offline hotdesk invocation'.split(' ')
    const environment = { ...process.env, npm_config_cache: join(folder, 'npm') }
    const { stdout } = await promisify(execFile)(command, args, { cwd: folder, env: environment })
    expect(stdout).toBe('done npx hotdesk\n')
  })

  test('by its path from a folder that has been deleted', async () => {
    const gone = await mkdtemp(join(tmpdir(), 'hotdesk-gone-'))
    await setup([])
    const words = ['-c', `cd "${gone}" && rmdir "${gone}" && exec "${process.execPath}" "${join(folder, 'src/setup.mjs')}" invocation`]
    const { stdout } = await promisify(execFile)('sh', words)
    expect(stdout).toContain(`done node ${join(folder, 'src/setup.mjs')}`)
  })

  test('with how to put it on the PATH after a build', async () => {
    const { err } = await setup(['--build-only'], { cwd: folder })
    expect(err).toContain('Start it with `npx hotdesk`. To put hotdesk on the PATH: npm link\n')
  })
})

describe.runIf(process.getuid?.() === 0)('a user who may only read the checkout', () => {
  const nobody = 65_534

  let closed: number

  // The folder of the test run is closed to others.
  beforeEach(async () => {
    closed = (await stat(dirname(folder))).mode
    await chmod(folder, 0o755)
    await chmod(dirname(folder), closed | 0o011)
  })
  afterEach(() => chmod(dirname(folder), closed))

  test('runs what the owner has built, even with a stale lock', async () => {
    await setup([])
    await mkdir(join(folder, '.setup-lock'))
    expect(await setup(['say', 'hello'], { uid: nobody })).toEqual({ code: 0, out: 'done say hello\n', err: '' })
  })

  test('is asked to have the owner build it, in one sentence, and ends with 2', async () => {
    const { code, out, err } = await setup(['say', 'hello'], { uid: nobody })
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(
      /^hotdesk: hotdesk has to be built, and this user may not write to \S+\.\nRun `npm run build` there as its owner, then repeat the command\.\n$/,
    )
  })
})

describe('the lock of the set-up', () => {
  test('is in the checkout, which others cannot lock, and is gone afterwards', async () => {
    const old = join(tmpdir(), `hotdesk-setup-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`)
    await mkdir(old)
    try {
      await writeFile(join(old, 'pid'), String(process.pid))
      expect(await setup(['say', 'hello'])).toMatchObject({ code: 0, out: 'done say hello\n' })
      expect(existsSync(join(folder, '.setup-lock'))).toBe(false)
    } finally {
      await rm(old, { recursive: true })
    }
  })

  test('follows no link, and one that a dead set-up has left is taken away', async () => {
    const elsewhere = join(folder, 'elsewhere')
    await mkdir(elsewhere)
    await writeFile(join(elsewhere, 'pid'), '999999999')
    await symlink(elsewhere, join(folder, '.setup-lock'))
    expect(await setup(['say', 'hello'])).toMatchObject({ code: 0 })
    expect(await readFile(join(elsewhere, 'pid'), 'utf8')).toBe('999999999')
  })
})
