import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hears } from '../../support/node/login.js'
import { sameAddresses, type TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { type BaresipPhone, bringTogether, byFarEnd, logInAt, openBaresipPhone } from '../../support/programs/baresip-phone.js'

/** A day with two phones of another make, one on UDP and one on TCP; each step goes on from the one before. */
describe('two baresip phones', () => {
  let office: TestOffice
  let node: TestNode
  let alice: BaresipPhone
  let bob: BaresipPhone

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    alice = await openBaresipPhone('HD0001', node)
    bob = await openBaresipPhone('HD0002', node)
  }, 60_000)

  afterAll(async () => {
    await Promise.all([alice?.close(), bob?.close()])
    await office.close()
  })

  const registered = (device: string, field: string): Promise<string> => office.redis.cli('HGET', `{hd}:reg:${device}`, field)

  it('register with digest, one over UDP and one over TCP (RFC 3261 §10, §22.4)', async () => {
    await Promise.all([alice.register('udp'), bob.register('tcp')])
    await vi.waitFor(async () => expect(await registered('HD0001', 'flow')).toMatch(/;transport=udp$/), 20_000)
    await vi.waitFor(async () => expect(await registered('HD0002', 'flow')).toMatch(/;transport=tcp$/), 20_000)
  })

  it('log in by *77*100*: the prompt is heard, the PIN is pressed (RFC 4733), and redis-cli shows who sits where', async () => {
    await Promise.all([logInAt(alice, '100'), logInAt(bob, '101')])
    expect(await office.redis.cli('HMGET', '{hd}:users', '100', '101')).toBe(['HD0001', 'HD0002'].join('\n'))
    expect(await office.redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001')).toBe('OCCUPIED 100')
  })

  it('are asked to fetch their configuration, each over its own transport', async () => {
    for (const phone of [alice, bob]) {
      await vi.waitFor(() => expect(phone.baresip.output()).toMatch(/NOTIFY sip:[\s\S]*Event: check-sync/), 20_000)
    }
    expect(bob.baresip.output()).toMatch(/TCP [\d.:]+ -> [\d.:]+\s+NOTIFY sip:/)
  })

  it('cannot be refreshed, which is learnt and raises no alarm (RFC 6665 §8.2.1)', async () => {
    for (const { device } of [alice, bob]) {
      await office.redisSays('unconfirmed', 'HGET', `{hd}:device:${device}`, 'refresh')
      expect(await office.redis.cli('HGET', `{hd}:device:${device}`, 'refreshable')).toMatch(/^no baresip /)
    }
    // Without Subscription-State it is 400.
    expect(alice.baresip.output()).toMatch(/SIP\/2\.0 481 [^\r\n]*(?:\r?\n.*){1,10}NOTIFY/)
    expect(node.output()).not.toContain('phone.stale')
  })

  it('call each other: the callee sees the user’s name and number, both hear each other', async () => {
    await bob.dial('100')
    expect(await alice.rings()).toEqual({ name: 'Bob', number: '101' })
    await bob.heardRinging()
    await alice.answer()
    await Promise.all([alice.talks(), bob.talks()])
    await Promise.all([alice.hears(), bob.hears()])
  })

  it('press keys in the call, which the other hears (RFC 4733)', async () => {
    await bob.press('5')
    expect(await alice.pressed()).toBe('5')
    await alice.press('#')
    expect(await bob.pressed()).toBe('#')
  })

  it('hold and resume: the other phone gets a re-INVITE (RFC 3264 §8.4), and audio flows both ways again', async () => {
    const before = alice.baresip.output().length
    await bob.hold()
    await vi.waitFor(() => expect(alice.baresip.output().slice(before)).toMatch(/a=sendonly[\s\S]*a=recvonly/), 20_000)
    const held = alice.baresip.output().length
    await bob.resume()
    await vi.waitFor(() => expect(alice.baresip.output().slice(held)).toMatch(/a=sendrecv[\s\S]*a=sendrecv/), 20_000)
    await Promise.all([alice.receives(), bob.receives()])
  })

  it('are hung up by the callee', async () => {
    await alice.hangUp()
    expect(await bob.ends()).toBe(byFarEnd)
    await alice.ends()
  })

  it('call over TCP as over UDP, and are hung up by the caller', async () => {
    await bringTogether(alice, '101', bob)
    await alice.hangUp()
    expect(await bob.ends()).toBe(byFarEnd)
    await alice.ends()
  })

  it('give up while it rings', async () => {
    await alice.dial('101')
    await bob.rings()
    await alice.heardRinging()
    await alice.hangUp()
    expect(await bob.ends()).toBe(byFarEnd)
    await alice.ends()
  })

  it('refuse a call, and the caller hears busy', async () => {
    await alice.dial('101')
    await bob.rings()
    await bob.hangUp()
    expect(await alice.ends()).toMatch(/^486 /)
    await bob.ends()
  })

  it('call a phone of our own and are called by it, audio both ways', async () => {
    const own = await office.phone('HD0003', node)
    expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '102', 'HD0003')).toBe('LOGGED_IN')
    await own.nextNotify()
    await bob.dial('102')
    const answered = await (await own.nextCall()).answer()
    await bob.talks()
    await Promise.all([hears(answered), bob.receives()])
    await answered.hangUp()
    expect(await bob.ends()).toBe(byFarEnd)
    const calling = await own.dial('101')
    expect(await bob.rings()).toEqual({ name: 'Chloé', number: '102' })
    await bob.answer()
    const result = await calling.result
    if (result.outcome === 'failed') throw new Error(`${result.answer.status} ${result.answer.reason}`)
    await Promise.all([hears(result.call), bob.receives()])
    await bob.hangUp()
    await result.call.ended
    await bob.ends()
  })

  it('call and ring after a restart of the node as if nothing had been', async () => {
    await node.stop()
    node = await office.node('paris-1', 'paris', { env: sameAddresses(node) })
    await bringTogether(bob, '100', alice)
    await bob.hangUp()
    expect(await alice.ends()).toBe(byFarEnd)
    await bob.ends()
  })

  it('un-register and are not reachable, register again and ring: the login is still there', async () => {
    await alice.unregister()
    await office.redisSays('0', 'EXISTS', '{hd}:reg:HD0001')
    await bob.dial('100')
    expect(await bob.ends()).toBe('480 Phone Not Reachable')
    await alice.register('tcp')
    await bringTogether(bob, '100', alice)
    await bob.hangUp()
    expect(await alice.ends()).toBe(byFarEnd)
    await bob.ends()
  })

  it('log out by *77*5*, and are then asked to log in before they call', async () => {
    await alice.dial('*77*5*')
    await alice.talks()
    await alice.hears()
    expect(await alice.ends()).toBe(byFarEnd)
    expect(await office.redis.cli('HEXISTS', '{hd}:devices', 'HD0001')).toBe('0')
    await alice.dial('101')
    await alice.hears()
    expect(await alice.ends()).toBe('480 Log In First')
  })

  it('un-register by themselves when they are switched off', async () => {
    await Promise.all([alice.close(), bob.close()])
    await office.redisSays('0', 'EXISTS', '{hd}:reg:HD0001', '{hd}:reg:HD0002')
  })
})
