import { describe, expect, it } from 'vitest'
import type { NodeName } from '../../../src/base/identity.js'
import { desk, login, open, redis, refreshIs, register, store, theOnly, usePhoneStages } from '../../support/node/refresh-stage.js'
import { keyOf, stateOf } from '../../support/redis/redis-store.js'
import { HD0001, password } from '../../support/sip/registrar-bench.js'

usePhoneStages()

describe('the phone is refreshed', () => {
  it('by a NOTIFY over the flow on which it registered, half a second after the login', async () => {
    const stage = open()
    await register(stage)
    await login('100')
    stage.clock.advance(499)
    expect(stage.notifies).toEqual([])
    stage.clock.advance(1)
    const { uri, parts, answer } = theOnly(stage)
    expect([uri, parts.via, parts.body]).toEqual([desk, 'sip:203.0.113.9:40312;transport=udp;hotdesk-flow=192.0.2.10:5060', undefined])
    const aor = '<sip:HD0001@hotdesk.example>'
    expect(parts.headers).toMatchObject({ Event: 'check-sync;reboot=false', From: aor, To: aor })
    // RFC 6665 §8.2.1: required, and without a subscription it is over.
    expect(parts.headers).toMatchObject({ 'Subscription-State': 'terminated;reason=noresource' })
    expect([parts.credentials?.username, parts.credentials?.password.reveal()]).toEqual(['HD0001', password])
    await answer(200)
    await refreshIs('sent')
    expect(await stage.metric('sent')).toBe(1)
  })

  it('whatever changed its assignment: a logout by redis-cli', async () => {
    const stage = open()
    await register(stage)
    await store.call('hotdesk_login', '100', HD0001)
    await keyOf(store, 'devices', (record) => record?.get('HD0001') === '100')
    stage.clock.advance(500)
    await stage.notifies[0]?.answer(200)
    await refreshIs('sent')
    expect(await redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001')).toBe('LOGGED_OUT 100')
    await refreshIs('pending')
    stage.clock.advance(500)
    expect(stage.notifies).toHaveLength(2)
  })

  it('again when the same user logs in again, or nobody is logged out', async () => {
    const stage = open()
    await register(stage)
    for (const reply of ['LOGGED_IN', 'UNCHANGED']) {
      expect(await store.call('hotdesk_login', '100', HD0001)).toBe(reply)
      await refreshIs('pending')
      // The seat may be read after the phone's record, and is a reason of its own for a refresh.
      await keyOf(store, 'devices', (record) => record?.get('HD0001') === '100')
      stage.clock.advance(500)
      await stage.notifies.at(-1)?.answer(200)
      await refreshIs('sent')
    }
    expect(stage.notifies).toHaveLength(2)
  })

  it('when an operator sets its refresh to pending', async () => {
    const stage = open()
    await register(stage)
    await redis.cli('HSET', '{hd}:device:HD0001', 'refresh', 'pending')
    await refreshIs('pending')
    stage.clock.advance(500)
    expect(stage.notifies).toHaveLength(1)
  })

  it('once after an edit by hand, although the repair completes it later', async () => {
    const stage = open()
    await register(stage)
    await redis.cli('HSET', '{hd}:devices', 'HD0001', '100')
    await refreshIs('pending')
    stage.clock.advance(500)
    await theOnly(stage).answer(200)
    await refreshIs('sent')
    await keyOf(store, 'device:HD0001', (record) => record?.get('cause') === 'edited' && record.get('state') === 'active', 10_000)
    expect(await redis.cli('FCALL', 'hotdesk_repair', '1', '{hd}')).toBe('NOTHING')
    stage.clock.advance(500)
    expect([stage.notifies.length, await redis.cli('HGET', '{hd}:device:HD0001', 'epoch')]).toEqual([1, '1'])
  }, 15_000)

  it('once after an edit of both hashes by hand, which needs no repair', async () => {
    const stage = open()
    await register(stage)
    await login('100')
    stage.clock.advance(500)
    await theOnly(stage).answer(200)
    await refreshIs('sent')
    await redis.cli('HSET', '{hd}:devices', 'HD0001', '101')
    await redis.cli('HSET', '{hd}:users', '101', 'HD0001')
    await redis.cli('HDEL', '{hd}:users', '100')
    await keyOf(store, 'device:HD0001', (record) => record?.get('refresh') === 'pending', 10_000)
    stage.clock.advance(500)
    expect([stage.notifies.length, await redis.cli('HGET', '{hd}:device:HD0001', 'epoch')]).toEqual([2, '2'])
  }, 15_000)

  it('with the event of its vendor', async () => {
    const stage = open()
    await register(stage, { 'User-Agent': 'Grandstream GRP2614 1.0.5.67' })
    await login('100')
    stage.clock.advance(500)
    expect(theOnly(stage).parts.headers).toMatchObject({ Event: 'resync' })
  })

  it('at each of its contacts, and one response is enough', async () => {
    const stage = open()
    await register(stage, { Contact: `<${desk}>, <sip:HD0001@192.0.2.8>` })
    await login('100')
    stage.clock.advance(500)
    expect(stage.notifies.map(({ uri }) => uri).sort()).toEqual([desk, 'sip:HD0001@192.0.2.8'])
    await stage.notifies[1]?.answer(200)
    await refreshIs('sent')
  })
})

describe('a phone that is busy', () => {
  it('is not disturbed while the call that dialled the code is up, nor in the half second after', async () => {
    const stage = open()
    await register(stage)
    stage.calls = 1
    await login('100')
    stage.clock.advance(60_000)
    expect(stage.notifies).toEqual([])
    stage.hangUp()
    stage.clock.advance(499)
    expect(stage.notifies).toEqual([])
    stage.clock.advance(1)
    expect(stage.notifies).toHaveLength(1)
  })

  it('is not disturbed in the quiet time after an emergency call', async () => {
    const stage = open()
    await register(stage)
    await login('100')
    await redis.cli('HSET', '{hd}:quiet:HD0001', 'node', 'paris-1')
    await keyOf(store, 'quiet:HD0001', (record) => record !== undefined)
    stage.clock.advance(60_000)
    expect([stage.notifies, store.replica.hash('device:HD0001')?.get('refresh')]).toEqual([[], 'pending'])
    await redis.cli('DEL', '{hd}:quiet:HD0001')
    await keyOf(store, 'quiet:HD0001', (record) => record === undefined)
    stage.clock.advance(500)
    expect(stage.notifies).toHaveLength(1)
  })
})

describe('a phone that does not confirm its refresh', () => {
  it.each([400, 405, 481, 482, 489, 501])('is unconfirmed when it answers %i', async (status) => {
    const stage = open()
    await register(stage)
    await login('100')
    stage.clock.advance(500)
    await theOnly(stage).answer(status)
    await refreshIs('unconfirmed')
    stage.clock.advance(60_000)
    expect(stage.notifies).toHaveLength(1)
  })

  it('is unconfirmed while it is silent, and stale with an alarm after the last attempt', async () => {
    const stage = open()
    await register(stage)
    await login('100')
    stage.clock.advance(500)
    for (const ms of [2_000, 5_000, 15_000]) {
      await stage.notifies.at(-1)?.answer(408)
      await refreshIs('unconfirmed')
      stage.clock.advance(ms)
    }
    await stage.notifies.at(-1)?.answer(408)
    await refreshIs('stale')
    expect([stage.notifies.length, await stage.metric('stale')]).toEqual([4, 1])
    const [event] = await store.recent('events', 1)
    expect(Object.fromEntries(event?.fields ?? [])).toMatchObject({ event: 'refresh', device: 'HD0001', user: '100', outcome: 'stale' })
  })

  it.each([401, 403, 404, 500, 503])('is tried again after an answer %i', async (status) => {
    const stage = open()
    await register(stage)
    await login('100')
    stage.clock.advance(500)
    await theOnly(stage).answer(status)
    stage.clock.advance(2_000)
    expect(stage.notifies).toHaveLength(2)
  })

  it('and is stale gets one attempt each time it registers, without a further alarm', async () => {
    const stage = open()
    await register(stage)
    await redis.cli('HSET', '{hd}:device:HD0001', 'refresh', 'stale')
    await refreshIs('stale')
    await register(stage)
    stage.clock.advance(500)
    await theOnly(stage).answer(408)
    stage.clock.advance(60_000)
    expect([stage.notifies.length, await stage.metric('stale')]).toEqual([1, 0])
    await register(stage)
    stage.clock.advance(500)
    await stage.notifies.at(-1)?.answer(200)
    await refreshIs('sent')
  })
})

describe('a phone that is not registered', () => {
  it('gets its refresh when it registers', async () => {
    const stage = open()
    await login('100')
    stage.clock.advance(60_000)
    expect([stage.notifies, store.replica.hash('device:HD0001')?.get('refresh')]).toEqual([[], 'pending'])
    await register(stage)
    stage.clock.advance(500)
    await theOnly(stage).answer(200)
    await refreshIs('sent')
    await register(stage)
    stage.clock.advance(60_000)
    expect(stage.notifies).toHaveLength(1)
  })

  it('is refreshed by the node where it is registered, and by no other', async () => {
    const [here, there] = [open(), open('paris-2' as NodeName)]
    await register(there)
    await login('100')
    here.clock.advance(60_000)
    there.clock.advance(500)
    expect([here.notifies.length, there.notifies.length]).toEqual([0, 1])
  })

  it('gets its pending refresh after a restart of the node', async () => {
    const before = open()
    await register(before)
    await login('100')
    await before.leave()
    const after = open()
    after.clock.advance(500)
    expect(after.notifies).toHaveLength(1)
  })
})

describe('without Redis', () => {
  it('a refresh in progress goes on, and its outcome is written when Redis is back', async () => {
    const stage = open()
    await register(stage)
    await login('100')
    stage.clock.advance(500)
    await redis.kill()
    await stateOf(store, 'lost')
    await theOnly(stage).answer(200)
    expect(await stage.metric('sent')).toBe(1)
    const written = keyOf(store, 'device:HD0001', (record) => record?.get('refresh') === 'sent', 8_000)
    await redis.start()
    await written
  })
})

describe('a phone that gets its configuration here', () => {
  it('is refreshed when it fetches what it must show now, whatever it responds', async () => {
    const stage = open()
    stage.fetch('0', 'Yealink SIP-T54W 96.86.0.20 00:15:65:1a:2b:3c')
    await register(stage, { 'User-Agent': 'Yealink SIP-T54W 96.86.0.20' })
    await login('100')
    stage.clock.advance(500)
    await theOnly(stage).answer(200)
    stage.fetch('0', 'Yealink SIP-T54W 96.86.0.20')
    expect(store.replica.hash('device:HD0001')?.get('refresh')).toBe('pending')
    stage.fetch(store.replica.hash('device:HD0001')?.get('epoch') ?? '', 'Yealink SIP-T54W 96.86.0.20')
    await refreshIs('fetched')
    expect(await stage.metric('fetched')).toBe(1)
  })

  it('is refreshed when an operator sets its refresh to pending, although it has fetched all that there is', async () => {
    const stage = open()
    await register(stage, { 'User-Agent': 'Yealink SIP-T54W' })
    await login('100')
    stage.fetch('1', 'Yealink SIP-T54W')
    await refreshIs('fetched')
    await redis.cli('HSET', '{hd}:device:HD0001', 'refresh', 'pending')
    await keyOf(store, 'device:HD0001', (record) => record?.get('epoch') === '2')
    stage.clock.advance(500)
    expect(stage.notifies).toHaveLength(1)
  })

  it('does not count while a softphone is registered in its name', async () => {
    const stage = open()
    stage.fetch('0', 'Yealink SIP-T54W 96.86.0.20')
    await register(stage, { 'User-Agent': 'Linphone/5.1' })
    await login('100')
    stage.clock.advance(500)
    await theOnly(stage).answer(481)
    await refreshIs('unconfirmed')
    expect(await stage.metric('stale')).toBe(0)
  })

  it('is rebooted once after four attempts, and then stale, each time', async () => {
    const stage = open()
    stage.fetch('0', 'Yealink SIP-T54W')
    await register(stage, { 'User-Agent': 'Yealink SIP-T54W' })
    for (const [at, user] of ['100', '101'].entries()) {
      await login(user)
      stage.clock.advance(500)
      for (const ms of [2_000, 5_000, 15_000, 0]) {
        await stage.notifies.at(-1)?.answer(200)
        stage.clock.advance(30_000 + ms)
      }
      expect(stage.notifies.slice(at * 5).map(({ parts }) => parts.headers?.Event)).toEqual([
        ...Array.from({ length: 4 }, () => 'check-sync;reboot=false'),
        'check-sync;reboot=true',
      ])
      await stage.notifies.at(-1)?.answer(200)
      stage.clock.advance(240_000)
      await refreshIs('stale')
    }
    expect(await stage.metric('stale')).toBe(2)
  }, 20_000)
})
