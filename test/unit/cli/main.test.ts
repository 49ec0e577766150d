import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { bannerLines } from '../../../src/cli/banner.js'
import { asInvoked } from '../../../src/cli/output/invocation.js'
import { createTerminal } from '../../../src/cli/output/terminal.js'
import { parseConfig } from '../../../src/config/config.js'
import { loadDialplan } from '../../../src/dialplan/dialplan.js'
import { main } from '../../../src/main.js'
import { embeddedSocket } from '../../../src/store/store.js'
import { finishedPlanText } from '../../support/node/sample-plan.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(...args: string[]): Promise<Run> {
  return runAs((text) => text, args)
}

async function runAs(hint: (text: string) => string, args: readonly string[]): Promise<Run> {
  const [out, err] = [new PassThrough(), new PassThrough()]
  const code = await main(args, { provide: () => Promise.resolve(), terminal: createTerminal({ out, err, colour: 'plain', hint }) })
  out.end()
  err.end()
  return { code, out: await text(out), err: await text(err) }
}

function fileOf(content: string): string {
  const folder = temporaryFolder('main')
  const file = join(folder, 'hotdesk.yaml')
  writeFileSync(file, content)
  mkdirSync(join(folder, 'dialplans'))
  writeFileSync(join(folder, 'dialplans/paris.yaml'), finishedPlanText('paris'))
  return file
}

const good = 'node: paris-1\nsite: paris\nsip: { domain: hotdesk.example }\n'

describe('exit codes', () => {
  test('0: done', async () => {
    const { code, out } = await run('check', '--config', fileOf(good))
    expect(code).toBe(0)
    expect(out).toMatch(/No errors\./)
    expect(out).toMatch(/paris-1 at paris/)
  })

  test('1: refused, with the reason and what to do', async () => {
    const { code, err } = await run('status', '--config', fileOf(good))
    expect(code).toBe(1)
    expect(err).toMatch(/no node is running with its data in .* \(NODE_NOT_RUNNING\)\n {2}→ start the node with `hotdesk start`/)
  })

  test('1 with --json: JSON even if the program is started by a path with a space', async () => {
    const hint = (text: string) => asInvoked(text, 'node "/my files/setup.mjs"')
    const { err } = await runAs(hint, ['status', '--json', '--config', fileOf(good)])
    expect((JSON.parse(err) as { error: { todo: string } }).error.todo).toContain('node "/my files/setup.mjs" start')
  })

  test('1 with --json: the same as one JSON value on stderr', async () => {
    const { code, out, err } = await run('status', '--json', '--config', fileOf(good))
    expect([code, out]).toEqual([1, ''])
    expect(JSON.parse(err)).toEqual({
      error: {
        code: 'NODE_NOT_RUNNING',
        says: expect.stringMatching(/^no node is running/) as string,
        todo: expect.stringMatching(/^start the node/) as string,
      },
    })
  })

  test.each([
    [['chek'], /unknown command 'chek'[\s\S]*Did you mean check/],
    [['check', '--jsn'], /unknown option '--jsn'/],
    [['login', '100'], /missing required argument 'device'/],
    [['login', 'abc', 'HD0001'], /An extension is 1 to 15 digits/],
    [['logout', '-5'], /unknown option|begins with a letter/],
    [['who', '1;2'], /a device begins with a letter/],
    [['user', 'add', '100', '--pin', '4711'], /Run `hotdesk user add --help` for its usage/],
    [['site', 'raise', 'rome'], /unknown command 'raise'[\s\S]*`hotdesk site --help`/],
    [['site', 'add', 'Rome'], /A site is a lower-case letter/],
    [['site', 'set', 'rome', '--home-lost-logout', 'soon'], /Expected a time, such as 24h or 90m, or never/],
  ])('2: wrong usage %j', async (args, said) => {
    const { code, err } = await run(...args)
    expect(code).toBe(2)
    expect(err).toMatch(said)
  })

  test('2: wrong configuration, with every problem', async () => {
    const { code, err } = await run('check', '--config', fileOf('node: paris-1\nsite: rome\nsip: { domian: x }\n'))
    expect(code).toBe(2)
    expect(err).toMatch(/hotdesk\.yaml:3:\d+ +sip\.domian: unknown key/)
    expect(err).toMatch(/sip\.domain: missing/)
  })

  test('2: the socket of an embedded Redis in a folder where somebody else may listen', async () => {
    const data = join(temporaryFolder('main'), 'a-directory-with-a-long-name'.repeat(4))
    const folder = dirname(embeddedSocket(data))
    mkdirSync(folder)
    try {
      chmodSync(folder, 0o777)
      const config = fileOf(`${good}data: ${data}\n`)
      expect(await run('status', '--config', config)).toMatchObject({
        code: 2,
        err: expect.stringContaining(`others can write to ${folder}`) as string,
      })
      expect((await run('doctor', '--config', config)).out).toMatch(
        /^✗ {2}redis +data: .* others can write to .*\n +→ choose a shorter path, or remove that folder/m,
      )
      chmodSync(folder, 0o700)
      expect((await run('status', '--config', config)).err).toContain('no node is running')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('2: a site without a dial plan, or with a wrong one', async () => {
    const missing = await run('start', '--config', fileOf(good.replace('site: paris', 'site: rome')))
    expect(missing).toMatchObject({
      code: 2,
      err: expect.stringMatching(/site rome has no dial plan: expected the file .*dialplans\/rome\.yaml/) as string,
    })
    const file = fileOf(`${good}dialplan: plan.yaml\n`)
    writeFileSync(join(file, '../plan.yaml'), 'site: paris\nextensions: [1XX]\ncodes: { login: "*77*", logout: "*77*" }\n')
    const wrong = await run('start', '--config', file)
    expect(wrong).toMatchObject({ code: 2, err: expect.stringMatching(/plan\.yaml:3:\d+ +codes\.logout/) as string })
  })
})

describe('help', () => {
  test('names every command, and each command has examples', async () => {
    const { code, out } = await run('--help')
    expect(code).toBe(0)
    const commands = Array.from(out.matchAll(/^ {2}([a-z]+)(?: |$)/gm), ([, name]) => name ?? '').filter((name) => name !== 'help')
    expect(commands).toEqual(expect.arrayContaining(['start', 'check', 'status', 'who', 'login', 'logout', 'unlock']))
    for (const command of commands) expect((await run(command, '--help')).out, command).toMatch(/Examples?:\n( {2}.*\n)*? {2}hotdesk/)
  })

  test('check --json can be read by a program', async () => {
    const { out } = await run('check', '--json', '--config', fileOf(good))
    expect(JSON.parse(out)).toMatchObject({ node: 'paris-1', site: 'paris', network: 'hd' })
  })
})

describe('colours', () => {
  test('are for a terminal alone, also where only complaints go elsewhere', async () => {
    const [out, err] = [new PassThrough(), new PassThrough()]
    const terminal = createTerminal({ out, err, colour: 'colour', complaints: 'plain' })
    terminal.print(terminal.paint.strong('done'))
    terminal.complain(`${terminal.paint.bad('refused:')} 100`)
    out.end()
    err.end()
    expect([await text(out), await text(err)]).toEqual(['\u001b[1mdone\u001b[0m\n', 'refused: 100\n'])
  })
})

type BannerStore = Parameters<typeof bannerLines>[0]['app']['store']

function storeOf(changes: Partial<BannerStore>): BannerStore {
  const healthy = { state: 'connected', copyFrom: 'redis', trouble: () => null, cli: 'redis-cli -s data/redis/redis.sock' } as const
  return { ...healthy, condition: () => ({ reasons: [], warnings: [] }), ...changes }
}

describe('the banner', () => {
  const app = {
    sip: ['tcp/192.0.2.10:5060', 'udp/192.0.2.10:5060'],
    http: 'http://192.0.2.10:8080',
    store: storeOf({}),
    dialplan: loadDialplan({ text: 'site: paris\nextensions: [1XX]\n', file: 'x', log: silentLogger() }),
  }
  const { paint } = createTerminal({ out: new PassThrough(), err: new PassThrough(), colour: 'plain' })
  const configOf = (file: string | null) => parseConfig({ text: good, file, env: {}, cwd: '/', purpose: 'look' })

  test('of the sample tells addresses, phones, users and what to dial, and that they are samples', () => {
    const banner = bannerLines({ config: configOf(null), app, paint }).join('\n')
    expect(banner).toMatch(/SIP +udp\/192\.0\.2\.10:5060 {2}tcp\/192\.0\.2\.10:5060/)
    expect(banner).toMatch(/Samples for trying out; their passwords are published/)
    for (const word of ['HD0001', 'HD0004', 'Alice', 'Bob', 'Chloé', '4711', '*77*100*', '*77*5*', 'http://192.0.2.10:8080'])
      expect(banner).toContain(word)
  })

  test('of the sample says in red that others can use its passwords, only if they can', async () => {
    const shown = async (env: Record<string, string>): Promise<string> => {
      const out = new PassThrough()
      const terminal = createTerminal({ out, err: out, colour: 'colour' })
      const config = parseConfig({ text: good, file: null, env, cwd: '/', purpose: 'look' })
      for (const line of bannerLines({ config, app, paint: terminal.paint })) terminal.print(line)
      out.end()
      return text(out)
    }
    const open = await shown({ HOTDESK_SIP_LISTEN: 'udp://127.0.0.1:5060,udp://0.0.0.0:5060' })
    expect(open).toContain('\u001b[31mThese passwords and PINs are published: anyone who reaches this machine')
    const closed = await shown({})
    expect(closed).toContain('HOTDESK_SIP_LISTEN=udp://0.0.0.0:5060')
    expect(closed).not.toContain('anybody who reaches')
  })

  test('of a configured node shows no samples', () => {
    const banner = bannerLines({ config: configOf('/etc/hotdesk.yaml'), app, paint }).join('\n')
    expect(banner).not.toMatch(/sample|Alice|4711/i)
  })

  const trunk = 'trunks: { line: { uri: "sip:127.0.0.1:9" } }\n'
  const planOf = (text: string) => loadDialplan({ text: `site: paris\nextensions: [1XX]\n${text}`, file: 'x', log: silentLogger() })
  const shown = (changes: Partial<typeof app>): string =>
    bannerLines({ config: configOf('/etc/hotdesk.yaml'), app: { ...app, ...changes }, paint }).join('\n')

  test('marks what is up and what is not', () => {
    const banner = shown({ dialplan: planOf(trunk) })
    expect(banner).toMatch(/^ {2}hotdesk is up: node paris-1 at site paris$/m)
    for (const line of [
      /✓ {2}SIP +udp/,
      /✓ {2}HTTP +http/,
      /✓ {2}provisioning +phones fetch their settings from http:\/\/127\.0\.0\.1:8080\/p\/$/m,
      /✓ {2}Redis +redis-cli/,
      /✓ {2}dial plan +\/etc\/dialplans\/paris\.yaml/,
      /✓ {2}trunks +line$/m,
    ])
      expect(banner).toMatch(line)
    expect(shown({})).toMatch(/✗ {2}trunks +none: no call can leave this site, emergency calls included/)
    expect(shown({ dialplan: planOf(trunk.replace('{ uri', '{ enabled: no, uri')) })).toMatch(/✗ {2}trunks +none is enabled \(line\)/)
  })

  test('of a node without Redis does not say that it is up, and gives the reason', () => {
    const condition = () => ({
      reasons: ['Redis is lost: nothing listens; this node has started from a saved copy, 300 s old'],
      warnings: [],
    })
    const banner = shown({ store: storeOf({ state: 'lost', copyFrom: 'disk', condition }) })
    expect(banner).not.toContain('is up')
    expect(banner).toMatch(/hotdesk is running without Redis, from a saved copy: node paris-1/)
    expect(banner).toMatch(/✗ {2}Redis +Redis is lost: nothing listens; .* 300 s old \(redis-cli -s data/)
    expect(shown({ store: storeOf({ state: 'lost', copyFrom: 'nowhere' }) })).toMatch(/is running without Redis and without a saved copy/)
  })

  test('has colours at a terminal and none in a file', () => {
    const painted = createTerminal({ out: new PassThrough(), err: new PassThrough(), colour: 'colour' }).paint
    expect(bannerLines({ config: configOf(null), app, paint: painted }).join('\n')).toContain('\u001b[1m')
    expect(bannerLines({ config: configOf(null), app, paint }).join('\n')).not.toContain('\u001b')
  })
})
