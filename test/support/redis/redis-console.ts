import { expect } from 'vitest'
import { hotdeskLibrary } from '../../../src/hotdesk/library.js'
import { startTestRedis, type TestRedis } from './redis.js'
import { mirrorFaults } from './redis-network.js'

/** An operator at redis-cli, on a Redis that has the library, two users (100, 101) and three phones (HD0001 …), and no node. */
export interface RedisConsole {
  readonly redis: TestRedis
  clear(): Promise<void>
  /** `logout HD0001` is `redis-cli FCALL hotdesk_logout 1 {hd} HD0001`. */
  fcall(line: string): Promise<string>
  /** Its fields and values in one line. */
  lastEvent(): Promise<string>
  /** Runs lines one after the other; each is followed by what redis-cli must print. The two hashes must be mirrors then. */
  converse(lines: readonly (readonly [line: string, reply: string])[]): Promise<void>
}

export async function openRedisConsole(): Promise<RedisConsole> {
  const redis = await startTestRedis()
  await redis.cli('FUNCTION', 'LOAD', hotdeskLibrary.code)

  function fcall(line: string): Promise<string> {
    const [name, ...args] = line.split(' ')
    return redis.cli('FCALL', `hotdesk_${name}`, '1', '{hd}', ...args)
  }

  return {
    redis,
    fcall,
    async clear() {
      await redis.cli('FLUSHALL')
      await redis.cli('HSET', '{hd}:user:100', 'name', 'Alice')
      await redis.cli('HSET', '{hd}:user:101', 'name', 'Bob')
      for (const id of ['HD0001', 'HD0002', 'HD0003'])
        await redis.cli('HSET', `{hd}:device:${id}`, 'site', 'paris', 'hotdesk', 'yes', 'location', 'desk')
    },
    async lastEvent() {
      return (await redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '1')).split('\n').slice(1).join(' ')
    },
    async converse(lines) {
      for (const [line, reply] of lines) expect(`${line} → ${await fcall(line)}`).toBe(`${line} → ${reply}`)
      expect(await mirrorFaults(redis)).toEqual([])
    },
  }
}
