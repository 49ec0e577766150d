import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import { createKeptValues, createStore } from '../../../src/store/store.js'
import { keepLog } from '../../support/node/kept-log.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { entriesOf, keyOf, openTestStore, stateOf, storeNeeds } from '../../support/redis/redis-store.js'

let redis: TestRedis
beforeEach(async () => {
  redis = await startTestRedis()
})
afterEach(() => redis.close())

const copy = () => join(redis.directory, 'data', 'copy-hd.jsonl')

describe('a start without Redis', () => {
  it('continues after a moment without data, reports it once, and finds Redis when it comes up', async () => {
    await redis.kill()
    const log = keepLog()
    const store = await openTestStore(redis, { log: log.log, startWithinMs: 300 })
    expect(store.state).toBe('lost')
    await expect(store.call('hotdesk_version')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    const back = stateOf(store, 'connected')
    await redis.start()
    await back
    const said = entriesOf(log)
      .filter(({ event }) => event === 'store.waiting')
      .map(({ msg }) => msg)
    expect(said[0]).toContain('trying again')
    expect(said).toEqual([...new Set(said)])
    await store.close()
  })

  it('serves the saved copy, and reports how old it is', async () => {
    const first = await openTestStore(redis)
    await first.putFields('user:100', { name: 'Alice' })
    await keyOf(first, 'user:100', (hash) => hash !== undefined)
    await first.close()
    await redis.kill()
    const log = keepLog()
    const store = await openTestStore(redis, { log: log.log, startWithinMs: 300 })
    expect(store.replica.hash('user:100')?.get('name')).toBe('Alice')
    expect(store.replica.ageMs()).toBeGreaterThan(0)
    expect(entriesOf(log).some(({ event }) => event === 'store.restored')).toBe(true)
    await store.close()
    await redis.start()
  })

  it('forgets what was deleted while it had only the copy', async () => {
    const first = await openTestStore(redis)
    await first.putFields('user:100', { name: 'Alice' })
    await keyOf(first, 'user:100', (hash) => hash !== undefined)
    await first.close()
    await redis.kill()
    const store = await openTestStore(redis, { startWithinMs: 300 })
    await redis.start()
    await redis.cli('DEL', '{hd}:user:100')
    await keyOf(store, 'user:100', (hash) => hash === undefined, 4_000)
    await store.close()
  })

  it('rejects a damaged copy', async () => {
    const first = await openTestStore(redis)
    await first.putFields('user:100', { name: 'Alice' })
    await keyOf(first, 'user:100', (hash) => hash !== undefined)
    await first.close()
    await writeFile(copy(), (await readFile(copy(), 'utf8')).replace('Alice', 'Mallory'))
    await redis.kill()
    const store = await openTestStore(redis, { startWithinMs: 300 })
    expect(store.replica.hash('user:100')).toBeUndefined()
    await store.close()
    await redis.start()
  })

  it('does not save a copy over a newer one while Redis is away', async () => {
    const first = await openTestStore(redis)
    await first.putFields('user:100', { name: 'Alice' })
    await keyOf(first, 'user:100', (hash) => hash !== undefined)
    await first.close()
    const saved = await readFile(copy(), 'utf8')
    await redis.kill()
    const second = await openTestStore(redis, { startWithinMs: 300 })
    await second.close()
    expect(await readFile(copy(), 'utf8')).toBe(saved)
    await redis.start()
  })
})

describe('an unsuitable Redis server', () => {
  let server: Server | undefined
  afterEach(() => void server?.close())

  /** Answers INFO with an old version, and everything else with an error, in the words of Redis. */
  function listen(version: string): Promise<number> {
    const info = `# Server\r\nredis_version:${version}\r\nrun_id:1\r\nloading:0\r\n`
    const old = createServer((socket) => {
      socket.on('data', (data) => {
        const commands = data.toString().match(/^\*\d+/gm) ?? []
        for (const _ of commands)
          socket.write(/info/i.test(data.toString()) ? `$${info.length}\r\n${info}\r\n` : "-ERR unknown command 'FCALL'\r\n")
      })
      socket.on('error', () => undefined)
    })
    server = old
    return new Promise((resolve) => {
      old.listen(0, '127.0.0.1', () => resolve((old.address() as { port: number }).port))
    })
  }

  it('is refused if it is too old for functions, with the required version', async () => {
    const url = new Secret(`redis://127.0.0.1:${await listen('6.2.7')}`)
    await expect(createStore(storeNeeds({ kind: 'url', url }, redis.directory))).rejects.toThrow(/6\.2\.7 has no functions; version 7/)
  })

  it('does not delay the start if nothing listens there, and shows no password', async () => {
    const log = keepLog()
    const url = new Secret('redis://:opensesame@127.0.0.1:1')
    const began = systemClock.now()
    const store = await createStore({ ...storeNeeds({ kind: 'url', url }, redis.directory), log: log.log, startWithinMs: 500 })
    expect(systemClock.now() - began).toBeLessThan(2_500)
    expect(store.cli).toBe('redis-cli -h 127.0.0.1 -p 1 --askpass')
    await store.close()
    expect(JSON.stringify(log.lines)).toContain('ECONNREFUSED')
    expect(JSON.stringify(log.lines)).not.toContain('opensesame')
  })
})

describe('the end of a node', () => {
  it('is quick while Redis is away', async () => {
    const store = await openTestStore(redis)
    redis.signal('SIGSTOP')
    const began = systemClock.now()
    await store.close()
    expect(systemClock.now() - began).toBeLessThan(3_000)
  })
})

it('Texts that a node keeps for its next start are written when Redis is back, the latest of each', async () => {
  const store = await openTestStore(redis)
  const parse = (read: unknown): readonly string[] | null => (Array.isArray(read) ? read.map(String) : null)
  const texts = createKeptValues({ store, key: 'subs:paris-1', keepSeconds: 60, log: silentLogger(), parse })
  texts.put('one', ['one', 'first'])
  texts.put('two', ['two', 'first'])
  await redis.kill()
  await stateOf(store, 'lost')
  texts.put('one', ['one', 'second'])
  texts.remove('two')
  await redis.start()
  await stateOf(store, 'connected')
  const deadline = systemClock.now() + 5_000
  let all = await texts.all()
  while (!all.some(([, text]) => text === 'second') && systemClock.now() < deadline) all = await texts.all()
  expect([...all]).toEqual([['one', 'second']])
  texts.close()
  await store.close()
})
