import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import type { RedisTarget } from '../../../src/config/config.js'
import { hotdeskLibrary } from '../../../src/hotdesk/library.js'
import type { Store, StoreNeeds } from '../../../src/store/store.js'
import { freePort } from '../../support/net/free-port.js'
import { type KeptLog, keepLog } from '../../support/node/kept-log.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { launchRedis } from '../../support/redis/redis-process.js'
import { entriesOf, openTestStore, stateOf } from '../../support/redis/redis-store.js'

const password = 'opensesame'
const closings: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close()
})

async function startRedis(): Promise<TestRedis> {
  const redis = await startTestRedis()
  closings.push(() => redis.close())
  return redis
}

function as(username: string, redis: TestRedis): RedisTarget {
  const access = { username, password: new Secret(password), sentinelPassword: null, isEncrypted: false, ca: null }
  return { kind: 'url', url: new Secret(`unix://${redis.socket}`), access }
}

const url = (text: string): RedisTarget => ({ kind: 'url', url: new Secret(text) })

async function open(place: RedisTarget, changes: Partial<StoreNeeds> = {}): Promise<{ store: Store; log: KeptLog }> {
  const log = keepLog()
  const directory = temporaryFolder('trouble')
  const store = await openTestStore({ place, directory }, { startWithinMs: 400, log: log.log, ...changes })
  closings.push(() => store.close())
  return { store, log }
}

/** Something that is not a healthy Redis. */
async function standIn(behave: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    behave(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closings.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Log and condition of a store that cannot be used. */
async function expectTrouble(place: RedisTarget, words: RegExp): Promise<Store> {
  const { store, log } = await open(place)
  const isTold = (): boolean => entriesOf(log).some(({ event, msg = '' }) => event === 'store.waiting' && words.test(msg))
  await expect.poll(isTold, { timeout: 6_000, interval: 20 }).toBe(true)
  expect(store.state).toBe('lost')
  expect(store.trouble()?.says).toMatch(words)
  expect(store.condition().reasons.join()).toMatch(words)
  expect(entriesOf(log).filter(({ msg = '' }) => words.test(msg))).toHaveLength(1)
  expect(JSON.stringify(log.lines)).not.toContain(password)
  return store
}

describe('the log and the condition of a node report', () => {
  it('that Redis refuses the password, with the user in the advice', async () => {
    const redis = await startRedis()
    const store = await expectTrouble(as('hotdesk-node', redis), /password of the user hotdesk-node \(WRONGPASS\)/)
    expect(store.cli).toContain('--user hotdesk-node --askpass')
    expect(store.trouble()?.todo).toMatch(/ACL SAVE/)
    await redis.cli('ACL', 'SETUSER', 'hotdesk-node', 'on', `>${password}`, '~*', '&*', '+@all')
    await stateOf(store, 'connected', 6_000)
    expect(store.trouble()).toBeNull()
  })

  it('that Redis requires a password', async () => {
    const redis = await startRedis()
    await redis.cli('CONFIG', 'SET', 'requirepass', password)
    await expectTrouble(redis.place, /requires a password.*NOAUTH/)
  })

  it('which command its user may not run', async () => {
    const redis = await startRedis()
    await redis.cli('ACL', 'SETUSER', 'hotdesk-node', 'on', `>${password}`, '~*', '&*', '+@all', '-client|tracking')
    const store = await expectTrouble(as('hotdesk-node', redis), /hotdesk-node may not run the Redis command client\|tracking \(NOPERM\)/)
    expect(store.trouble()?.todo).toContain('ACL SETUSER hotdesk-node +client|tracking')
  })

  it('which command a function may not run for its user, until it may', async () => {
    const redis = await startRedis()
    await redis.cli('FUNCTION', 'LOAD', hotdeskLibrary.code)
    await redis.cli('ACL', 'SETUSER', 'hotdesk-node', 'on', `>${password}`, '~*', '&*', '+@all', '-hset')
    const { store } = await open(as('hotdesk-node', redis), { startWithinMs: 4_000 })
    expect(store.state).toBe('connected')
    const join = () => store.call('hotdesk_join', 'paris-1', 'b1', '-', '15', 'site', 'paris')
    await expect(join()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining('hset (NOPERM)') as string })
    expect(store.condition().reasons).toEqual(['hotdesk_join: this user may not run the Redis command hset (NOPERM)'])
    await redis.cli('ACL', 'SETUSER', 'hotdesk-node', '+hset')
    expect(await join()).toBe('JOINED')
    expect(store.condition().reasons).toEqual([])
  })

  it('that nothing listens at the address', () => expectTrouble(url('redis://127.0.0.1:1'), /refused \(ECONNREFUSED\)/))

  it('that the socket does not exist', () => expectTrouble(url('unix:///nowhere/redis.sock'), /socket of Redis does not exist/))

  it('that the server does not respond', async () => {
    const silent = await standIn(() => undefined)
    await expectTrouble(url(silent), /does not answer in time/)
  })

  it('that Redis is loading its data', async () => {
    const info = '# Persistence\r\nloading:1\r\nloading_eta_seconds:600\r\n'
    const loading = await standIn((socket) => {
      socket.on('data', (data) => {
        for (const command of String(data).match(/setname|info/gi) ?? [])
          socket.write(command.toLowerCase() === 'info' ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n')
      })
    })
    await expectTrouble(url(loading), /loading its data \(LOADING\)/)
  })

  it('that Redis has too many clients', async () => {
    const full = await standIn((socket) => socket.end('-ERR max number of clients reached\r\n'))
    await expectTrouble(url(full), /reached its limit of clients/)
  })

  it('that Redis closes each connection, as a port that expects TLS does', async () => {
    const closing = await standIn((socket) => socket.once('data', () => socket.end()))
    await expectTrouble(url(closing), /Redis closed the connection/)
  })

  it('that the server does not speak TLS', async () => {
    const plain = await standIn((socket) => socket.on('data', () => socket.write('-ERR unknown command\r\n')))
    await expectTrouble(url(plain.replace('redis:', 'rediss:')), /does not speak TLS/)
  })

  it('that Redis lacks the database, and nothing goes to another one', async () => {
    const port = await freePort()
    const redis = await launchRedis({ port, words: ['--port', String(port), '--bind', '127.0.0.1', '--save', ''] })
    closings.push(() => redis.kill())
    await expectTrouble(url(`redis://127.0.0.1:${port}/99`), /database number/)
    expect(await redis.cli('FUNCTION', 'LIST')).toBe('')
    expect(await redis.cli('DBSIZE')).toBe('0')
  })
})
