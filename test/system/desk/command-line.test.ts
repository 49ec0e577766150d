import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createWorkplace, type Workplace } from '../../support/node/program.js'
import { samplePlanText } from '../../support/node/sample-plan.js'

const execute = promisify(execFile)
const up = /Press Ctrl-C to stop/

let place: Workplace

beforeEach(async () => {
  place = await createWorkplace()
})
afterEach(() => place.close())

async function redisCli(...args: readonly string[]): Promise<string> {
  return (await execute('redis-cli', ['-s', join(place.folder, 'data/redis/redis.sock'), ...args])).stdout.trim()
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test.runIf(existsSync('/dev/full'))('output that finds no room on the disk ends with 1', async () => {
  const program = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))
  const line = `'${process.execPath}' '${program}' --help`
  await expect(execute('sh', ['-c', `${line} > /dev/full`])).rejects.toMatchObject({
    code: 1,
    stderr: 'hotdesk: the output is incomplete: ENOSPC: no space left on device, write; free some space and repeat the command\n',
  })
  await execute('bash', ['-c', `set -o pipefail; ${line} | head -c 1`])
})

describe('hotdesk start', () => {
  test('without a configuration runs the sample network and says what to dial', async () => {
    const node = place.run(['start'])
    await node.printed(up)
    const [, sip] = await node.printed(/SIP +(udp\/127\.0\.0\.1:\d+) {2}tcp\/127\.0\.0\.1:\d+/)
    const [, http] = await node.printed(/HTTP +(http:\S+)/)
    expect(sip).not.toMatch(/:0$/)
    for (const word of ['HD0001', 'HD0004', 'Alice', 'Chloé', '*77*100*']) expect(node.output()).toContain(word)
    expect((await fetch(`${http}/readyz`)).status).toBe(200)
    expect(await redisCli('HGET', '{hd}:user:100', 'name')).toBe('Alice')
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it with 0, the embedded Redis included, and the login survives', async (signal) => {
    const first = place.run(['start'])
    await first.printed(up)
    const redis = Number(/process_id:(\d+)/.exec(await redisCli('INFO', 'server'))?.[1])
    expect(await redisCli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0001')).toBe('LOGGED_IN')
    first.signal(signal)
    expect(await first.exited).toBe(0)
    expect(isAlive(redis)).toBe(false)
    const second = place.run(['start'])
    await second.printed(up)
    expect(await redisCli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001')).toBe('OCCUPIED 100')
  })

  test('with a wrong configuration tells everything at once and ends with 2 before it opens or writes anything', async () => {
    await writeFile(
      join(place.folder, 'hotdesk.yaml'),
      'node: paris-1\nsite: paris\nsip:\n  domain: x\n  listn: []\nhttp: { listen: 99999 }\n',
    )
    const node = place.run(['start'])
    expect(await node.exited).toBe(2)
    expect(node.output()).toMatch(/hotdesk\.yaml:5:3 +sip\.listn: unknown key/)
    expect(existsSync(join(place.folder, 'data'))).toBe(false)
  })

  test('names the HTTP port that is in use, and ends with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    const node = place.run(['start'], { env: { HOTDESK_HTTP_LISTEN: `127.0.0.1:${port}` } })
    expect(await node.exited).toBe(1)
    expect(node.output()).toMatch(new RegExp(`hotdesk: .*127\\.0\\.0\\.1:${port}.*in use`))
    other.close()
  })

  test('names the SIP port that is in use, and ends with 1', async () => {
    const other = createSocket('udp4').bind(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address()
    const node = place.run(['start'], { env: { HOTDESK_SIP_LISTEN: `udp://127.0.0.1:${port}` } })
    expect(await node.exited).toBe(1)
    expect(node.output()).toMatch(new RegExp(`hotdesk: .*${port}`))
    other.close()
  })

  test('a second node on the same data is refused, and does not disturb the first', async () => {
    const first = place.run(['start'])
    await first.printed(up)
    const second = place.run(['start'])
    expect(await second.exited).toBe(1)
    expect(second.output()).toMatch(/hotdesk: the node paris-1 of this configuration is already running/)
    expect(await redisCli('PING')).toBe('PONG')
  })

  test('a fault outside any call ends it with 1, one clear line and no Redis left behind', async () => {
    const preload = "process.on('SIGPWR', () => { throw new Error('boom') })"
    const node = place.run(['start'], { preload })
    await node.printed(up)
    const redis = Number(/process_id:(\d+)/.exec(await redisCli('INFO', 'server'))?.[1])
    node.signal('SIGPWR')
    expect(await node.exited).toBe(1)
    expect(node.output()).toMatch(/^hotdesk: unexpected error, the node ends: boom$/m)
    expect(isAlive(redis)).toBe(false)
  })
})

describe('commands on a running network', () => {
  test('do what the dial code does, and say it in words', async () => {
    const node = place.run(['start'])
    await node.printed(up)
    const answer = async (...args: string[]): Promise<string> => {
      const command = place.run(args)
      return `${await command.exited} ${command.output().trim()}`
    }
    expect(await answer('login', '100', 'HD0001')).toBe('0 100 logged in at HD0001')
    expect(await answer('login', '101', 'HD0001')).toBe('0 101 logged in at HD0001; 100 was logged out there')
    expect(await answer('who', 'HD0001')).toBe('0 101 is logged in at HD0001')
    expect(await answer('login', '999', 'HD0001')).toMatch(
      /^1 refused: there is no user 999 \(UNKNOWN_USER\)\n {2}→ list the users with `.*hotdesk.* user list`$/,
    )
    expect(await answer('status')).toMatch(/^0 DEVICE .*\nHD0001 +paris +active +101 +Bob/)
    expect(await answer('logout', '101')).toBe('0 101 logged out of HD0001')
    expect(JSON.parse((await answer('who', 'HD0001', '--json')).slice(2))).toMatchObject({ subject: 'HD0001', word: 'FREE', detail: [] })
    const events = await redisCli('XREVRANGE', '{hd}:events', '+', '-')
    expect(events).toMatch(/via\ncli/)
    expect(readFileSync(join(place.folder, 'data/network-secret'), 'utf8')).toHaveLength(65)
  })
})

describe('a network of one’s own', () => {
  test('gets its users and phones by command; what is issued is shown once and is in Redis only hashed or sealed', async () => {
    await writeFile(join(place.folder, 'hotdesk.yaml'), 'node: paris-1\nsite: paris\nsip: { domain: hotdesk.example }\n')
    await mkdir(join(place.folder, 'dialplans'))
    await writeFile(join(place.folder, 'dialplans/paris.yaml'), samplePlanText('paris'))
    const node = place.run(['start'])
    await node.printed(up)
    expect(node.output()).not.toMatch(/sample/i)
    const answer = async (...args: string[]): Promise<string> => {
      const command = place.run(args)
      return `${await command.exited} ${command.output().trim()}`
    }
    const added = await answer('user', 'add', '100', '--name', 'Alice')
    expect(added).toMatch(/^0 100: saved; the PIN is \d{6}$/)
    expect(await answer('user', 'add', '5')).toMatch(/^1 refused: 5: \*77\*5\* is the logout code/)
    expect(await answer('device', 'add', 'HD0001')).toMatch(/^1 refused: HD0001: .*location/)
    const device = await answer('device', 'add', 'HD0001', '--location', 'Paris, reception')
    expect(device).toMatch(/^0 HD0001: saved; the SIP password is \S{20}$/)
    expect(await answer('login', '100', 'HD0001')).toBe('0 100 logged in at HD0001')
    const records = `${await redisCli('HGETALL', '{hd}:user:100')}\n${await redisCli('HGETALL', '{hd}:device:HD0001')}`
    expect(records).toMatch(/scrypt\$/)
    expect(records).toMatch(/sealed\.2\./)
    for (const issued of [added.slice(-6), device.slice(-20)]) expect(records).not.toContain(issued)
    expect(await answer('user', 'rm', '100', '--yes')).toBe('0 100: removed')
  })
})
