import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { thisProcess } from '../../../src/base/host/process-identity.js'
import { freePort } from '../../support/net/free-port.js'
import { until } from '../../support/node/node-health.js'
import { createWorkplace, type Program, type RunParts, type Workplace } from '../../support/node/program.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'

/** A node that waits for something at its start is asked to end. */

let redis: TestRedis
let place: Workplace
let deaf: Server
const accepted = new Set<Socket>()

beforeAll(async () => {
  redis = await startTestRedis()
  // It accepts connections and never says anything.
  deaf = createServer((socket) => {
    accepted.add(socket)
    socket.on('error', () => undefined)
  }).listen(0, '127.0.0.1')
  await once(deaf, 'listening')
})
afterAll(async () => {
  for (const socket of accepted) socket.destroy()
  deaf.close()
  await redis.close()
})
beforeEach(async () => {
  place = await createWorkplace()
})
afterEach(() => place.close())

async function start(lines: readonly string[] = [`redis: unix://${redis.socket}`], parts: RunParts = {}): Promise<Program> {
  const base = ['node: paris-1', 'site: paris', 'secret: a secret of the tests, and of no network', 'sip: { domain: hotdesk.test }']
  await writeFile(join(place.folder, 'hotdesk.yaml'), [...base, ...lines, ''].join('\n'))
  await mkdir(join(place.folder, 'dialplans'), { recursive: true })
  await writeFile(join(place.folder, 'dialplans/paris.yaml'), 'site: paris\nextensions: ["10X"]\n')
  return place.run(['start'], parts)
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port
}

/** Each of these waits takes longer than that, some have no end. */
const soonMs = 4_000

async function expectOrderlyEnd(program: Program, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const began = systemClock.now()
  program.signal(signal)
  expect(await program.exited).toBe(0)
  expect(systemClock.now() - began).toBeLessThan(soonMs)
  expect(program.output()).toMatch(/^Stopped\.$/m)
  expect(program.output()).not.toMatch(/node\.fault|node\.started/)
}

function drachtioAt(port: number): RunParts {
  return { env: { HOTDESK_DRACHTIO: `tcp://127.0.0.1:${port}`, HOTDESK_DRACHTIO_SECRET: 'cymru' } }
}

describe('a node that is asked to end while it waits', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('for a drachtio-server that is not there ends by %s with 0', async (signal) => {
    const program = await start(undefined, drachtioAt(await freePort()))
    await program.printed(/no SIP server at 127\.0\.0\.1:\d+; trying again/)
    await expectOrderlyEnd(program, signal)
  })

  it('goes on after SIGHUP, which asks a node to reload', async () => {
    const program = await start(undefined, drachtioAt(await freePort()))
    await program.printed(/no SIP server at 127\.0\.0\.1:\d+; trying again/)
    program.signal('SIGHUP')
    await program.printed(/(no SIP server at 127\.0\.0\.1:\d+; trying again[\s\S]*){3}/)
    await expectOrderlyEnd(program)
  })

  it('for a drachtio-server that accepts it and says nothing ends with 0', async () => {
    const connected = once(deaf, 'connection')
    const program = await start(undefined, drachtioAt(portOf(deaf)))
    await connected
    await expectOrderlyEnd(program)
  })

  it('for its name, which another machine may hold, ends with 0 and leaves the name to that one', async () => {
    const holder = thisProcess().replace(/^[^.]+/, '00000000')
    await redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', 'paris-1', '000000001aaaaaa', '-', '60', 'process', holder)
    const program = await start()
    await program.printed(/waiting for the node name/)
    await expectOrderlyEnd(program)
    expect(await redis.cli('HGET', '{hd}:node:paris-1', 'boot')).toBe('000000001aaaaaa')
    await redis.cli('DEL', '{hd}:node:paris-1')
  })

  it('for the redis-server of an earlier start ends with 0', async () => {
    const data = join(place.folder, 'data/redis')
    await mkdir(data, { recursive: true })
    // It lives, and does not answer.
    await writeFile(join(data, 'redis.process'), thisProcess())
    const program = await start(['redis: embedded'])
    const isThere = () => existsSync(join(data, 'node.process'))
    await until('the folder is taken', isThere, (taken) => taken, 15_000)
    await expectOrderlyEnd(program)
  })

  it('for a Redis that accepts it and says nothing ends with 0', async () => {
    const connected = once(deaf, 'connection')
    const program = await start([`redis: redis://127.0.0.1:${portOf(deaf)}`])
    await connected
    await expectOrderlyEnd(program)
  })
})

it('a node that is stopped while its drachtio-server is lost and another program has its port without responding exits with 0', async () => {
  const [port, secret] = [await freePort(), 'cymru']
  const parts = { env: { HOTDESK_DRACHTIO: `tcp://127.0.0.1:${port}`, HOTDESK_DRACHTIO_SECRET: secret } }
  const server = place.run(['sipd', '--admin', `127.0.0.1:${port}`, '--listen', 'udp://127.0.0.1:0'], parts)
  const program = await start(undefined, parts)
  await program.printed(/Press Ctrl-C to stop\.[\s\S]*Press Ctrl-C to stop\.|"event":"node\.started"/)
  server.signal('SIGKILL')
  await server.exited
  const silent = createServer((socket) => void socket.on('error', () => undefined)).listen(port, '127.0.0.1')
  await once(silent, 'connection')
  program.signal('SIGTERM')
  expect(await program.exited).toBe(0)
  silent.close()
})

/** Asks the process to end as soon as it listens for that, and says whether that was before it had loaded what needs the network. */
const askAtOnce = `
  const { on } = process
  process.on = function (name, listener) {
    const answer = on.call(process, name, listener)
    if (name === 'SIGTERM') {
      process.on = on
      console.log(process.moduleLoadList.includes('NativeModule net') ? 'listens late' : 'listens early')
      process.kill(process.pid, 'SIGTERM')
    }
    return answer
  }
`

describe('a signal before the program is loaded', () => {
  it('ends a node with 0, before it opens anything', async () => {
    const program = await start(undefined, { preload: askAtOnce })
    expect(await program.exited).toBe(0)
    expect(program.output()).toMatch(/^listens early$[\s\S]*^Stopped\.$/m)
    expect(program.output()).not.toMatch(/"part":/)
  })

  it('makes `hotdesk sipd` exit with 0', async () => {
    const parts = { preload: askAtOnce, env: { HOTDESK_DRACHTIO_SECRET: 'cymru' } }
    const program = place.run(['sipd', '--admin', '127.0.0.1:0', '--listen', 'udp://127.0.0.1:0'], parts)
    expect(await program.exited).toBe(0)
    expect(program.output()).toContain('listens early')
  })

  it('ends any other command by that signal', async () => {
    const program = place.run(['check'], { preload: askAtOnce })
    expect(await program.exited).toBe(null)
    expect(program.output()).toBe('listens early\n')
  })
})
