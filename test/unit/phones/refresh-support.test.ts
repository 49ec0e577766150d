import { describe, expect, it } from 'vitest'
import { open, redis, refreshIs, register, type Stage, store, usePhoneStages } from '../../support/node/refresh-stage.js'
import { keyOf } from '../../support/redis/redis-store.js'

usePhoneStages()

describe('a phone that cannot be refreshed', () => {
  const twinkle = { 'User-Agent': 'Twinkle/1.10.2' }
  const learnt = (text: string): Promise<void> => keyOf(store, 'device:HD0001', (record) => record?.get('refreshable') === text)

  /** The next NOTIFY is answered so. */
  async function refreshed(stage: Stage, status: number, word: string): Promise<void> {
    await redis.cli('HSET', '{hd}:device:HD0001', 'refresh', 'pending')
    await refreshIs('pending')
    stage.clock.advance(500)
    await stage.notifies.at(-1)?.answer(status)
    await refreshIs(word)
  }

  it('is recognised by its response and its User-Agent', async () => {
    const stage = open()
    await register(stage, twinkle)
    await refreshed(stage, 489, 'unconfirmed')
    await learnt('no Twinkle/1.10.2')
    await refreshed(stage, 200, 'sent')
    await learnt('yes Twinkle/1.10.2')
    expect(await stage.metric('stale')).toBe(0)
  })

  it.each([408, 403, 500])(
    'is an alarm once when it answers %i, also after a restart of the node, and is tried once a login',
    async (status) => {
      const before = open()
      await register(before, twinkle)
      await redis.cli('HSET', '{hd}:device:HD0001', 'refresh', 'pending')
      await refreshIs('pending')
      before.clock.advance(500)
      for (const ms of [2_000, 5_000, 15_000]) {
        await before.notifies.at(-1)?.answer(status)
        before.clock.advance(ms)
      }
      await before.notifies.at(-1)?.answer(status)
      await refreshIs('stale')
      await learnt('no Twinkle/1.10.2')
      expect([before.notifies.length, await before.metric('stale')]).toEqual([4, 1])
      await before.leave()
      const after = open()
      for (let logins = 1; logins <= 3; logins += 1) {
        await refreshed(after, status, 'unconfirmed')
        after.clock.advance(60_000)
        expect([after.notifies.length, await after.metric('stale')]).toEqual([logins, 0])
      }
    },
  )

  it('is tried like any other when its User-Agent changes', async () => {
    const stage = open()
    await redis.cli('HSET', '{hd}:device:HD0001', 'refreshable', 'no Twinkle/1.10.1')
    await learnt('no Twinkle/1.10.1')
    await register(stage, twinkle)
    await redis.cli('HSET', '{hd}:device:HD0001', 'refresh', 'pending')
    await refreshIs('pending')
    stage.clock.advance(500)
    await stage.notifies.at(-1)?.answer(500)
    stage.clock.advance(2_000)
    expect(stage.notifies).toHaveLength(2)
  })

  it('is never a phone that has confirmed before: each later failure is an alarm', async () => {
    const stage = open()
    await register(stage, twinkle)
    await refreshed(stage, 200, 'sent')
    await learnt('yes Twinkle/1.10.2')
    for (const alarms of [1, 2]) {
      await redis.cli('HSET', '{hd}:device:HD0001', 'refresh', 'pending')
      await refreshIs('pending')
      stage.clock.advance(500)
      for (const ms of [2_000, 5_000, 15_000]) {
        await stage.notifies.at(-1)?.answer(408)
        stage.clock.advance(ms)
      }
      await stage.notifies.at(-1)?.answer(408)
      await refreshIs('stale')
      expect(await stage.metric('stale')).toBe(alarms)
    }
  })
})
