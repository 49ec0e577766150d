import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../../../src/store/store.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'
import { eventsOf, mirrorFaults } from '../../support/redis/redis-network.js'
import { openTestStore } from '../../support/redis/redis-store.js'

const users = ['100', '101', '102', '103']
const phones = ['HD0001', 'HD0002', 'HD0003']

let redis: TestRedis
let nodes: readonly Store[]

beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(() => redis.close())

beforeEach(async () => {
  await redis.empty()
  for (const user of users) await redis.cli('HSET', `{hd}:user:${user}`, 'name', user, 'home', 'paris')
  for (const phone of phones) await redis.cli('HSET', `{hd}:device:${phone}`, 'site', 'paris', 'hotdesk', 'yes', 'location', 'desk')
  nodes = await Promise.all(['a', 'b', 'c'].map((name) => openTestStore(redis, { data: `${redis.directory}/${name}` })))
})
afterEach(() => Promise.all(nodes.map((node) => node.close())))

/** Spread over the nodes, 60 of each node at once: a whole shift that arrives in the same second. */
async function together(lines: readonly (readonly [string, ...string[]])[]): Promise<readonly string[]> {
  const replies: string[] = []
  const waiting = lines.entries()
  const work = async (node: Store) => {
    for (const [index, [name, ...args]] of waiting) replies[index] = await node.call(name, ...args)
  }
  await Promise.all(nodes.flatMap((node) => Array.from({ length: 60 }, () => work(node))))
  return replies
}

const pick = <Thing>(things: readonly Thing[], index: number): Thing => things[index % things.length] as Thing

/** The same number for the same index, and no other rule. */
const scattered = (index: number): number => createHash('sha256').update(String(index)).digest().readUInt32BE()

describe('three nodes at once', () => {
  it('keep the mirror while a user is renamed to and fro among logins of the user and of others', async () => {
    const lines = Array.from({ length: 3_000 }, (_, index) => {
      if (scattered(index) % 10 === 0)
        return ['hotdesk_rename', ...(scattered(index + 10_000) % 2 ? ['100', '200'] : ['200', '100']), 'cli'] as const
      return ['hotdesk_login', pick([...users, '200'], scattered(index + 20_000)), pick(phones, scattered(index + 30_000))] as const
    })
    const words = new Set((await together(lines)).map((reply) => reply.split(' ')[0]))
    for (const word of ['RENAMED', 'UNKNOWN_USER', 'MOVED', 'DISPLACED']) expect(words).toContain(word)
    expect(await mirrorFaults(redis)).toEqual([])
    expect(await redis.cli('EXISTS', '{hd}:user:100', '{hd}:user:200')).toBe('1')
  })

  it('keep the two hashes each other’s mirror over 6,000 logins and logouts', async () => {
    // Without a pattern, so that every reply occurs in any order of execution.
    const lines = Array.from({ length: 6_000 }, (_, index) => {
      const phone = pick(phones, scattered(index))
      return scattered(index + 10_000) % 3 === 0
        ? (['hotdesk_logout', phone] as const)
        : (['hotdesk_login', pick(users, scattered(index + 20_000)), phone] as const)
    })
    const words = (await together(lines)).map((reply) => reply.split(' ')[0])
    expect(await mirrorFaults(redis)).toEqual([])
    expect(new Set(words)).toEqual(new Set(['LOGGED_IN', 'MOVED', 'DISPLACED', 'UNCHANGED', 'LOGGED_OUT', 'FREE']))
    expect(Number(await redis.cli('HLEN', '{hd}:users'))).toBeLessThanOrEqual(phones.length)
  })

  it('log one user in once when 300 logins from three phones meet, and report each change once', async () => {
    const replies = await together(Array.from({ length: 300 }, (_, index) => ['hotdesk_login', '100', pick(phones, index)] as const))
    expect(await mirrorFaults(redis)).toEqual([])
    expect((await redis.cli('HGET', '{hd}:users', '100')).split(' ')).toHaveLength(1)
    expect(replies.filter((reply) => reply === 'LOGGED_IN')).toHaveLength(1)
    expect(await eventsOf(nodes[0] as Store)).toHaveLength(300)
  })

  it('compare no more PINs than the lock-out allows, however many guesses come in parallel', async () => {
    const replies = await together(
      Array.from({ length: 500 }, (_, index) => ['hotdesk_attempt', '100', `HD${String(index).padStart(4, '0')}`] as const),
    )
    // 20 a day are free at phones that are new to the user; the next one makes all others wait.
    expect(replies.filter((reply) => reply.startsWith('ALLOWED'))).toHaveLength(21)
    const atOnePhone = await together(Array.from({ length: 500 }, () => ['hotdesk_attempt', '101', 'HD0999'] as const))
    expect(atOnePhone.filter((reply) => reply.startsWith('ALLOWED'))).toHaveLength(3)
    const perPhone = await together(
      Array.from({ length: 500 }, (_, index) => ['hotdesk_attempt', String(2_000 + index), 'HD0001'] as const),
    )
    expect(perPhone.filter((reply) => reply.startsWith('ALLOWED')).length).toBeLessThanOrEqual(10)
  })

  it('see the same in their copies within a second', async () => {
    await together(Array.from({ length: 200 }, (_, index) => ['hotdesk_login', pick(users, index), pick(phones, index * 3 + 1)] as const))
    const truth = await redis.cli('HGETALL', '{hd}:devices')
    const seen = nodes.map(
      (node) =>
        new Promise<void>((resolve) => {
          const printed = () => [...(node.replica.hash('devices') ?? [])].flat().join('\n')
          const check = () => printed().split('\n').sort().join() === truth.split('\n').sort().join() && resolve()
          node.replica.onChange(check)
          check()
        }),
    )
    await Promise.race([
      Promise.all(seen),
      redis.cli('BLPOP', '{hd}:never', '1').then(() => Promise.reject(new Error('the copies differ after a second'))),
    ])
  })
})
