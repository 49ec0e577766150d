import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hotdeskLibrary } from '../../../src/hotdesk/hotdesk.js'
import { createWorkplace, type Workplace } from '../../support/node/program.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'

let place: Workplace
let redis: TestRedis

beforeEach(async () => {
  redis = await startTestRedis()
  place = await createWorkplace()
  const settings = {
    node: 'paris-1',
    site: 'paris',
    secret: 'a secret of the tests',
    redis: `unix://${redis.socket}`,
    sip: { domain: 'x.test' },
  }
  await writeFile(join(place.folder, 'hotdesk.yaml'), JSON.stringify(settings))
  await redis.cli('FUNCTION', 'LOAD', hotdeskLibrary.code)
  await redis.cli('HSET', '{hd}:user:100', 'name', 'Alice', 'home', 'paris')
  await redis.cli('HSET', '{hd}:device:HD0001', 'site', 'paris', 'hotdesk', 'yes', 'location', 'desk')
})
afterEach(async () => {
  await place.close()
  await redis.close()
})

const fcall = (...words: readonly string[]): Promise<string> => redis.cli('FCALL', words[0] ?? '', '1', '{hd}', ...words.slice(1))

describe('hotdesk events --follow', () => {
  test('shows what happens as it happens, each once and in order, and ends with 0 at Ctrl-C', async () => {
    const events = place.run(['events', '--follow'])
    await events.printed(/TIME +EVENT/)
    for (let turn = 0; turn < 40; turn++) {
      await fcall('hotdesk_login', '100', 'HD0001')
      await fcall('hotdesk_logout', 'HD0001')
    }
    await fcall('hotdesk_unlock', '100')
    await fcall('hotdesk_login', '100', 'HD0001', 'api')
    await events.printed(/ via api/)
    const shown = Array.from(events.output().matchAll(/^\S+ \S+ +(login|logout) /gm), ([, event]) => event)
    expect(shown).toEqual([...Array.from({ length: 80 }, (_, index) => (index % 2 === 0 ? 'login' : 'logout')), 'login'])
    events.signal('SIGINT')
    expect(await events.exited).toBe(0)
  })

  test('waits while Redis is away, and misses nothing that Redis has kept', async () => {
    const events = place.run(['events', '--follow', '--json'])
    await fcall('hotdesk_login', '100', 'HD0001')
    await events.printed(/"event":"login"/)
    await redis.kill()
    await events.printed(/(Redis does not answer|connection is refused|Redis closed the connection).* Waiting for Redis/)
    await redis.start()
    await redis.cli('XADD', '{hd}:events', '*', 'event', 'unlocked', 'user', '100')
    await events.printed(/"event":"unlocked"/)
    expect(events.output().match(/"event":"login"/g)).toHaveLength(1)
    events.signal('SIGTERM')
    expect(await events.exited).toBe(0)
  })

  test('ends quietly when its reader has had enough', async () => {
    const events = place.run(['events', '--follow', '--json'])
    await fcall('hotdesk_login', '100', 'HD0001')
    await events.printed(/"event":"login"/)
    events.stopReading()
    await fcall('hotdesk_logout', 'HD0001')
    expect(await events.exited).toBe(0)
  })
})
