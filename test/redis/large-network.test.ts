import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestRedis, type TestRedis } from '../support/redis/redis.js'
import { changeOn, type DeskNode, openDeskNode } from '../support/redis/redis-network.js'
import { keyOf, openTestStore } from '../support/redis/redis-store.js'

const people = 3_000
const user = (index: number) => String(10_000 + index)
const phone = (index: number) => `HD${10_000 + index}`

let redis: TestRedis
let node: DeskNode

beforeAll(async () => {
  redis = await startTestRedis()
  const lua = `for i = 0, ${people - 1} do
    local user, phone = tostring(10000 + i), 'HD' .. (10000 + i)
    redis.call('HSET', '{hd}:user:' .. user, 'name', 'User ' .. i, 'home', 'paris')
    for _, id in ipairs({ phone, 'HD' .. (20000 + i) }) do
      redis.call('HSET', '{hd}:device:' .. id, 'site', 'paris', 'hotdesk', 'yes', 'location', 'desk')
    end
    redis.call('HSET', '{hd}:users', user, phone)
    redis.call('HSET', '{hd}:devices', phone, user)
  end`
  await redis.cli('EVAL', lua, '0')
  node = await openDeskNode(redis)
})
afterAll(async () => {
  await node.close()
  await redis.close()
})

/** How often a whole hash of thousands was read since the last time. */
async function wholeReads(): Promise<number> {
  const found = /cmdstat_hgetall:calls=(\d+)/.exec(await redis.cli('INFO', 'commandstats'))
  await redis.cli('CONFIG', 'RESETSTAT')
  return Number(found?.[1] ?? 0)
}

const userAt = (id: string) => node.store.replica.hash('devices')?.get(id)

describe('in a network of thousands', () => {
  it('a login elsewhere is known at once, with its cause', async () => {
    const told = Promise.all([changeOn(node.hotdesk, phone(0)), changeOn(node.hotdesk, 'HD20000')])
    expect(await redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', user(0), 'HD20000')).toBe(`MOVED ${phone(0)}`)
    expect(await told).toEqual([
      { device: phone(0), before: user(0), after: null, cause: 'moved' },
      { device: 'HD20000', before: null, after: user(0), cause: 'login' },
    ])
    expect(node.store.replica.hash('users')?.get(user(0))).toBe('HD20000')
  })

  it('only what a login has changed is read', async () => {
    const reads: number[] = []
    // On a busy machine the node may reconnect meanwhile, and then reads everything; not each time.
    for (let index = 10; index < 15 && !reads.includes(3); index++) {
      await wholeReads()
      const told = changeOn(node.hotdesk, `HD${20_000 + index}`)
      await redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', user(index), `HD${20_000 + index}`)
      await told
      reads.push(await wholeReads())
    }
    // The records of the two phones, and the function's own look at the calls of one; neither `users` nor `devices`.
    expect(reads).toContain(3)
  })

  it('an edit by hand is seen within a second, whatever the command', async () => {
    const edited = keyOf(node.store, 'devices', (hash) => hash?.get(phone(1)) === user(9), 1_000)
    await redis.cli('HSET', '{hd}:devices', phone(1), user(9))
    await edited
  })

  it('all logins renamed away are a loss, seen within a second, and so is their return', async () => {
    const reasons = (): string => node.store.condition().reasons.join()
    await redis.cli('RENAME', '{hd}:devices', '{hd}:aside')
    await expect.poll(reasons).toContain(`lost ${people} logins`)
    expect(node.store.replica.hash('devices')?.size).toBe(people)
    await redis.cli('RENAME', '{hd}:aside', '{hd}:devices')
    await expect.poll(reasons).toBe('')
  })

  it('an edit by hand at the same moment as a login is not lost', async () => {
    const both = keyOf(node.store, 'devices', (hash) => hash?.get('HD20002') === user(2) && hash.get(phone(3)) === user(9), 1_500)
    const login = `FCALL hotdesk_login 1 {hd} ${user(2)} HD20002`
    const input = ['MULTI', login, `HSET {hd}:devices ${phone(3)} ${user(9)}`, 'EXEC', ''].join('\n')
    expect(execFileSync('redis-cli', ['-s', redis.socket], { input, encoding: 'utf8' })).toContain(`MOVED ${phone(2)}`)
    await both
  })

  it('hundreds of logins in a row leave the copy equal to Redis', async () => {
    const logins = Array.from({ length: 300 }, (_, index) =>
      node.store.call('hotdesk_login', user(500 + ((index * 7) % 100)), `HD${20_500 + (index % 150)}`),
    )
    await Promise.all(logins)
    const truth = (await redis.cli('HGETALL', '{hd}:devices')).split('\n')
    const wanted = new Map(truth.flatMap((word, index) => (index % 2 === 0 ? [[word, truth[index + 1] ?? ''] as const] : [])))
    await keyOf(node.store, 'devices', (hash) => hash?.size === wanted.size && [...wanted].every(([id, number]) => hash.get(id) === number))
    for (const [id, number] of wanted) expect([id, userAt(id)]).toEqual([id, number])
  })

  it('an edit by hand is seen as soon if functions have written before, and not only when the hash is swept', async () => {
    // With this many fields a sweep begins three seconds after the login. Another network, so that no node looks after these assignments.
    const lua = `redis.call('HSET', '{big}:user:100', 'name', 'Alice')
      redis.call('HSET', '{big}:device:HD1', 'site', 'paris', 'hotdesk', 'yes', 'location', 'desk')
      for i = 1, 30000 do redis.call('HSET', '{big}:devices', 'HD' .. (10000 + i), '9') end`
    await redis.cli('EVAL', lua, '0')
    const store = await openTestStore(redis, { network: 'big', data: `${redis.directory}/big` })
    const login = keyOf(store, 'devices', (hash) => hash?.get('HD1') === '100')
    await store.call('hotdesk_login', '100', 'HD1')
    await login
    const edited = keyOf(store, 'devices', (hash) => hash?.get(phone(1)) === '8', 2_000)
    await redis.cli('HSET', '{big}:devices', phone(1), '8')
    await edited
    await store.close()
  })
})
