import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import type { RedisAccess, RedisTarget } from '../../../src/config/config.js'
import { keepLog } from '../../support/node/kept-log.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { type DeskNode, device, extension, openDeskNode, pin } from '../../support/redis/redis-network.js'
import { entriesOf, keyOf, openTestStore, stateOf } from '../../support/redis/redis-store.js'

/** Lines such as `redis-cli ACL SETUSER hotdesk-node …`. */
const readme = readFileSync(new URL('../../../src/store/README.md', import.meta.url), 'utf8')
const lines = Array.from(readme.matchAll(/^redis-cli (ACL SETUSER .*)$/gm), ([, command = '']) => command)

let redis: TestRedis
let node: DeskNode

/** As a reader types it. */
function type(command: string, user: readonly string[] = []): string {
  return execFileSync('bash', ['-c', `redis-cli -s "$0" "$@" ${command}`, redis.socket, ...user], { encoding: 'utf8' }).trim()
}

const view = ['--user', 'hotdesk-view', '--pass', 'view-password', '--no-auth-warning']

function as(username: string, password: string): RedisTarget {
  const access: RedisAccess = { username, password: new Secret(password), sentinelPassword: null, isEncrypted: false, ca: null }
  return { kind: 'url', url: new Secret(`unix://${redis.socket}`), access }
}

beforeAll(async () => {
  redis = await startTestRedis()
  for (const line of lines) expect(type(line)).toBe('OK')
  // A sample network as an installer leaves it.
  await (await openDeskNode(redis)).close()
  await redis.cli('ACL', 'LOG', 'RESET')
  node = await openDeskNode({ ...redis, place: as('hotdesk-node', 'node-password') })
})
afterAll(async () => {
  await node.close()
  await redis.close()
})

/** Of all sources of a folder of `src`. */
function textOf(folder: string, ending: string): string {
  const at = new URL(`../../../src/${folder}/`, import.meta.url)
  const files = readdirSync(at, { recursive: true }).map(String)
  return files.flatMap((file) => (file.endsWith(ending) ? readFileSync(new URL(file, at), 'utf8') : [])).join('\n')
}

describe('the user of the nodes', () => {
  it('is documented in src/store/README.md, beside those for dashboards and for the functions', () => {
    expect(lines.map((line) => line.split(' ')[2])).toEqual(['hotdesk-node', 'hotdesk-view', 'hotdesk-install'])
  })

  it('may do all that a login, a call and a logout need, and is refused nothing on the way', async () => {
    expect(node.store.state).toBe('connected')
    const assigned = keyOf(node.store, 'devices', (hash) => hash?.get('HD0001') === '100')
    expect(await node.hotdesk.login({ extension: extension('100'), device: device('HD0001'), pin: pin('1111') })).toEqual({
      outcome: 'DENIED',
    })
    expect(await node.hotdesk.login({ extension: extension('100'), device: device('HD0001'), pin: pin('4711') })).toEqual({
      outcome: 'LOGGED_IN',
    })
    await assigned
    node.hotdesk.callBegan(device('HD0001'), 'ordinary')
    expect(await node.hotdesk.logout(device('HD0001'), 'drain', 'dial-code')).toEqual({ outcome: 'DRAINING', calls: 1 })
    const free = keyOf(node.store, 'devices', (hash) => hash === undefined)
    node.hotdesk.callEnded(device('HD0001'), 'ordinary')
    await free
    node.hotdesk.callBegan(device('HD0002'), 'emergency')
    await keyOf(node.store, 'quiet:HD0002', (hash) => hash !== undefined)
    node.hotdesk.callEnded(device('HD0002'), 'emergency')
    await node.store.replaceHash('reg:HD0001', { node: 'paris-1' }, 60)
    await node.store.renew('reg:HD0001', 60)
    await node.store.writeAll([{ key: 'reg:HD0001', fields: { node: null } }])
    await node.store.append('calls:100', { to: '101' }, { entries: 100, days: 90 })
    expect(await node.store.recent('events', 5)).toHaveLength(5)
    expect(await redis.cli('ACL', 'LOG')).toBe('')
  })

  it('may do so with durability: replicated, too', async () => {
    const store = await openTestStore(redis, { redis: as('hotdesk-node', 'node-password'), durability: 'replicated' })
    expect(await store.transition('hotdesk_refresh', 'HD0001')).toMatchObject({ certainty: 'unconfirmed', reply: 'REFRESHING' })
    await store.close()
    expect(await redis.cli('ACL', 'LOG')).toBe('')
  })

  it('may run every command that the functions use', () => {
    const used = [...textOf('hotdesk', '.lua').matchAll(/redis\.p?call\('([A-Z]+)'/g)].map(([, command = '']) => command.toLowerCase())
    expect(used.length).toBeGreaterThan(10)
    expect(used.filter((command) => !mayRun(command))).toEqual([])
  })

  it('may run every command that the nodes send themselves', async () => {
    const source = textOf('store', '.ts')
    const commands = new Set((await redis.cli('COMMAND', 'LIST')).split('\n'))
    const called = Array.from(source.matchAll(/\.call\('([A-Z]+)'(?:, '([A-Z]+)')?/g), ([, command = '', word = '']) => [command, word])
    const sent = Array.from(source.matchAll(/\b(?:redis|main|listener|writer|transaction)\.([a-z]+)\(/g), ([, name = '']) => [name, ''])
    const used = [...called, ...sent].map(([command = '', word = '']) => [command.toLowerCase(), word.toLowerCase()] as const)
    // `hotdesk doctor` asks for settings where it may; functions are loaded by an operator.
    const isOperators = ([command, word]: readonly string[]): boolean => command === 'config' || `${command} ${word}` === 'function load'
    const needed = used.filter((each) => commands.has(each[0]) && !isOperators(each))
    expect(needed.length).toBeGreaterThan(20)
    expect(needed.filter(([command, word]) => !mayRun(command, word))).toEqual([])
  })

  function mayRun(command: string, word = ''): boolean {
    const allowed = lines[0]?.replaceAll("'", '').split(' ') ?? []
    return allowed.includes(`+${command}`) || allowed.includes(`+${command}|${word}`)
  }

  it('reaches no other network, and no settings of the server', async () => {
    for (const command of [
      "HGET '{other}:user:100' pin",
      'FLUSHALL',
      'CONFIG GET dir',
      'KEYS x',
      'FUNCTION FLUSH',
      'FUNCTION LOAD x',
      'ACL WHOAMI',
    ])
      expect(type(command, ['--user', 'hotdesk-node', '--pass', 'node-password', '--no-auth-warning'])).toContain('NOPERM')
    await redis.cli('ACL', 'LOG', 'RESET')
  })
})

describe('a node that Redis refuses', () => {
  it('starts without Redis, logs the reason once, and shows no password', async () => {
    const log = keepLog()
    const store = await openTestStore(redis, { redis: as('hotdesk-node', 'opensesame'), startWithinMs: 300, log: log.log })
    expect(store.state).toBe('lost')
    expect(entriesOf(log).filter(({ msg }) => msg?.includes('WRONGPASS'))).toHaveLength(1)
    expect(JSON.stringify(log.lines)).not.toContain('opensesame')
    await redis.cli('ACL', 'SETUSER', 'hotdesk-node', '>opensesame')
    await stateOf(store, 'connected', 6_000)
    await store.close()
    await redis.cli('ACL', 'SETUSER', 'hotdesk-node', '<opensesame')
  })
})

describe('the user of dashboards', () => {
  it('sees who is logged in where', async () => {
    await redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0001')
    expect(type('FCALL_RO hotdesk_who 1 {hd} HD0001', view)).toBe('OCCUPIED 100')
    expect(type('FCALL_RO hotdesk_where 1 {hd} 101', view)).toBe('NOWHERE')
    expect(type('FCALL_RO hotdesk_status 1 {hd}', view)).toMatch(/^HD0001 +paris +active +100 +- /m)
    expect(type('HGETALL {hd}:devices', view)).toBe('HD0001\n100')
    expect(type('XREVRANGE {hd}:events + - COUNT 1', view)).toContain('login')
  })

  it('sees no key name of another network, and a free phone only by its name', async () => {
    await redis.cli('HSET', '{other}:user:900', 'name', 'Not to be seen')
    for (const command of ['SCAN 0', 'KEYS \\*', 'RANDOMKEY', 'FCALL_RO hotdesk_status 1 {other}', 'HSCAN {other}:devices 0'])
      expect(`${command}: ${type(command, view)}`).toMatch(/NOPERM|No permission|can.t access/i)
    const listed = type('FCALL_RO hotdesk_status 1 {hd}', view)
    expect(listed).toMatch(/^HD0001 /m)
    expect(listed).not.toContain('HD0002')
    expect(type('FCALL_RO hotdesk_status 1 {hd} HD0002', view)).toMatch(/^HD0002 +paris +idle/m)
    expect(type('FCALL_RO hotdesk_status 1 {hd}')).toMatch(/^HD0002 /m)
    // Its tables leave no trace of rights that it lacks.
    await redis.cli('ACL', 'LOG', 'RESET')
    type('FCALL_RO hotdesk_status 1 {hd}', view)
    expect(await redis.cli('ACL', 'LOG')).not.toContain('scan')
  })

  it('sees no PIN, writes nothing and reaches no other network', () => {
    const forbidden = [
      'HGETALL {hd}:user:100',
      'HSET {hd}:devices HD0001 101',
      'FCALL hotdesk_logout 1 {hd} HD0001',
      'GET {hd}:attempts:100',
    ]
    for (const command of [...forbidden, 'HGETALL {other}:devices', 'FLUSHALL', 'CONFIG GET dir'])
      expect(`${command}: ${type(command, view)}`).toMatch(/NOPERM|can only execute/)
    expect(type('FCALL_RO hotdesk_who 1 {hd} HD0001', view)).toBe('OCCUPIED 100')
  })
})
