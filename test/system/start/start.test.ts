import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createWorkplace, type Program, type Workplace } from '../../support/node/program.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'

const execute = promisify(execFile)
const secret = 'a secret of the tests, and of no network'

/** What stands in the way of a start is told in words that name it, and leaves nothing behind. */
describe('hotdesk start', () => {
  let redis: TestRedis
  let place: Workplace
  let taken: Server
  let takenPort: number

  beforeAll(async () => {
    redis = await startTestRedis()
    taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    takenPort = (taken.address() as { port: number }).port
  })

  afterAll(async () => {
    taken.close()
    await redis.close()
  })

  beforeEach(async () => {
    place = await createWorkplace()
  })

  afterEach(() => place.close())

  /** A node that would start, on the shared Redis, but for what the test changes. */
  async function configure(lines: readonly string[] = [], plan = 'site: paris\nextensions: ["10X"]\n'): Promise<void> {
    const base = ['node: paris-1', 'site: paris', `secret: ${secret}`, 'sip: { domain: hotdesk.test }']
    const redisLine = lines.some((line) => line.startsWith('redis')) ? [] : [`redis: unix://${redis.socket}`]
    await writeFile(join(place.folder, 'hotdesk.yaml'), [...base, ...redisLine, ...lines, ''].join('\n'))
    await mkdir(join(place.folder, 'dialplans'), { recursive: true })
    await writeFile(join(place.folder, 'dialplans/paris.yaml'), plan)
  }

  function start(env: Readonly<Record<string, string>> = {}): Program {
    return place.run(['start'], { env })
  }

  describe('refuses with 2, before it opens a port or writes a file,', () => {
    // A port that is in use would be told of, had it come so far.
    const ports = () => ({ HOTDESK_SIP_LISTEN: `tcp://127.0.0.1:${takenPort}`, HOTDESK_HTTP_LISTEN: `127.0.0.1:${takenPort}` })

    async function refusal(env: Readonly<Record<string, string>> = {}): Promise<string> {
      const program = start({ ...ports(), ...env })
      expect(await program.exited).toBe(2)
      expect(program.output()).not.toMatch(/in use/)
      expect(existsSync(join(place.folder, 'data'))).toBe(false)
      expect(await redis.cli('KEYS', '*')).toBe('')
      return program.output()
    }

    it('a configuration: file, line, key and expectation, for all problems at once', async () => {
      await configure(['media: { ports: 100 }', 'network: HD!', 'colour: green', 'log: { level: loud }'])
      const told = await refusal()
      expect(told).toMatch(/^hotdesk: hotdesk\.yaml: 4 problems \(CONFIG_INVALID\)$/m)
      expect(told).toMatch(/hotdesk\.yaml:6:\d+ +media\.ports: expected a range such as 20000-24999, found "100"/)
      expect(told).toMatch(/hotdesk\.yaml:7:\d+ +network: expected .*, found "HD!"/)
      expect(told).toMatch(/hotdesk\.yaml:8:1 +colour: unknown key; known here: node, site/)
      expect(told).toMatch(/hotdesk\.yaml:9:\d+ +log\.level: expected one of trace, debug/)
    })

    it('a configuration that is not YAML, with line and column', async () => {
      await writeFile(join(place.folder, 'hotdesk.yaml'), 'node: paris-1\nsip: { domain: "hotdesk.test\n')
      expect(await refusal()).toMatch(/hotdesk\.yaml:[23]:\d+ /)
    })

    it('a configuration that does not exist', async () => {
      const program = place.run(['--config', 'elsewhere.yaml', 'start'])
      expect(await program.exited).toBe(2)
      expect(program.output()).toMatch(/elsewhere\.yaml.*cannot be read/)
    })

    it('a variable with an invalid value, beside the problems of the file', async () => {
      await configure(['colour: green'])
      const told = await refusal({ HOTDESK_SIP_DOMIAN: 'x' })
      expect(told).toMatch(/2 problems/)
      expect(told).toMatch(/HOTDESK_SIP_DOMIAN/)
    })

    it('a dial plan: file, line, key and expectation, for all problems at once', async () => {
      const lines = [
        'site: paris',
        'extensions: ["10X"]',
        'emergency: { help: "112" }',
        'routes:',
        '  - { match: "0Z.", trunks: [nobody] }',
      ]
      await configure([], `${lines.join('\n')}\ncolour: green\n`)
      const told = await refusal()
      expect(told).toMatch(/paris\.yaml: 3 problems/)
      expect(told).toMatch(/paris\.yaml:3:\d+ +emergency\.help: expected an emergency number/)
      expect(told).toMatch(/paris\.yaml:5:\d+ +routes\[0\]\.trunks: no trunk is named "nobody"; known here: none/)
      expect(told).toMatch(/paris\.yaml:6:1 +colour: unknown key/)
    })

    it('a dial plan whose codes touch each other: it names both', async () => {
      const trunk = 'trunks: { line: { uri: "sip:192.0.2.1" } }'
      await configure([], `site: paris\nextensions: ["10X"]\n${trunk}\nroutes:\n  - { match: "*7X.", trunks: [line] }\n`)
      const told = await refusal()
      expect(told).toMatch(/paris\.yaml:5:\d+/)
      expect(told).toContain('*7X.')
      expect(told).toContain('*77*')
    })

    it('a folder for data that is a file', async () => {
      await configure(['redis: embedded', 'data: ./hotdesk.yaml'])
      expect(await refusal()).toMatch(/^hotdesk: data: the folder \S+hotdesk\.yaml\/redis cannot be made \(ENOTDIR/m)
    })

    it('a dial plan of another site', async () => {
      await configure([], 'site: london\nextensions: ["10X"]\n')
      expect(await refusal()).toMatch(/paris\.yaml:1:1 +site: expected paris, the site of this node, found "london"/)
    })

    it('a dial plan that does not exist, with the name that it should have', async () => {
      await configure()
      expect(await refusal({ HOTDESK_SITE: 'oslo' })).toMatch(/site oslo has no dial plan: expected the file dialplans\/oslo\.yaml/)
    })
  })

  describe('refuses with 1, names the obstacle and releases what it held,', () => {
    it('a SIP port over TCP that is in use: the UDP port beside it is free again', async () => {
      await configure()
      const free = await freeUdpPort()
      const program = start({ HOTDESK_SIP_LISTEN: `udp://127.0.0.1:${free},tcp://127.0.0.1:${takenPort}` })
      expect(await program.exited).toBe(1)
      expect(program.output()).toMatch(new RegExp(`hotdesk: tcp://127\\.0\\.0\\.1:${takenPort}: port ${takenPort} is in use`))
      const socket = createSocket('udp4').bind(free, '127.0.0.1')
      await once(socket, 'listening')
      socket.close()
    })

    it('an HTTP port that is in use: the name of the node is free again at once', async () => {
      await configure()
      const program = start({ HOTDESK_HTTP_LISTEN: `127.0.0.1:${takenPort}` })
      expect(await program.exited).toBe(1)
      expect(program.output()).toMatch(new RegExp(`hotdesk: TCP port 127\\.0\\.0\\.1:${takenPort} is in use`))
      expect(await redis.cli('EXISTS', '{hd}:node:paris-1')).toBe('0')
    })

    it('an address that this machine does not have', async () => {
      await configure()
      const program = start({ HOTDESK_SIP_LISTEN: 'udp://192.0.2.1:5060' })
      expect(await program.exited).toBe(1)
      expect(program.output()).toMatch(/hotdesk: udp:\/\/192\.0\.2\.1:5060: this machine has no address 192\.0\.2\.1/)
    })
  })

  describe('on a Redis that', () => {
    it('has a node of this name: the second node refuses with a reason, and the first keeps running', async () => {
      await configure()
      const first = start()
      const [, http] = await first.printed(/HTTP +(http:\S+)/)
      const second = start()
      expect(await second.exited).toBe(1)
      expect(second.output()).toMatch(
        /hotdesk: a node named "paris-1" is running already \(process \S+\) \(NODE_NAME_TAKEN\)\n {2}→ each node needs a name of its own/,
      )
      expect(await redis.cli('EXISTS', '{hd}:node:paris-1')).toBe('1')
      expect((await fetch(`${http}/readyz`)).status).toBe(200)
      first.signal('SIGTERM')
      expect(await first.exited).toBe(0)
    })

    it('has a newer function library: it serves from its saved copy, says why, and leaves the library alone', async () => {
      await configure()
      const before = start()
      await before.printed(/Press Ctrl-C to stop/)
      before.signal('SIGTERM')
      await before.exited
      const sources = await functionsIn(redis)
      await redis.cli('FUNCTION', 'LOAD', 'REPLACE', sources.replace(/^local VERSION = \d+$/m, 'local VERSION = 9999'))
      const program = start()
      await program.printed(/Redis holds version 9999 of the function library [^,]+, this program has \d+; update this node/)
      await program.printed(/Press Ctrl-C to stop/)
      expect(await redis.cli('FCALL', 'hotdesk_version', '1', '{hd}')).toBe('9999')
      program.signal('SIGTERM')
      expect(await program.exited).toBe(0)
      await redis.cli('FUNCTION', 'LOAD', 'REPLACE', sources)
    })

    it('refuses its password: the node logs this without the password and keeps trying', async () => {
      await configure()
      await redis.cli('CONFIG', 'SET', 'requirepass', 'open-sesame-of-the-tests')
      const program = start()
      const [line] = await program.printed(/"event":"store\.waiting".*/)
      expect(line).toMatch(/NOAUTH/)
      await program.printed(/Press Ctrl-C to stop/)
      await execute('redis-cli', ['-s', redis.socket, '-a', 'open-sesame-of-the-tests', 'CONFIG', 'SET', 'requirepass', ''])
      await program.printed(/"event":"store\.connected"/)
      program.signal('SIGTERM')
      expect(await program.exited).toBe(0)
    })
  })
})

async function functionsIn({ cli }: TestRedis): Promise<string> {
  const listed = await cli('FUNCTION', 'LIST', 'LIBRARYNAME', 'hotdesk', 'WITHCODE')
  return listed.slice(listed.indexOf('#!lua'))
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}
