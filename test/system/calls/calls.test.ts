import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { dialAnswered, dialRefused, logIn } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, pinOf, type TestOffice } from '../../support/node/office.js'

/** Rows of the behaviour table "Calls" and "Login and logout" that need several phones; two nodes at two sites. */
describe('calls between phones', () => {
  let office: TestOffice
  let paris: TestNode
  let desk1: Phone
  let desk2: Phone
  let desk3: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    paris = await office.node('paris-1', 'paris')
    const london = await office.node('london-1', 'london')
    desk1 = await office.phone('HD0001', paris)
    desk2 = await office.phone('HD0002', paris)
    desk3 = await office.phone('HD0003', london)
  }, 60_000)

  afterAll(() => office.close())

  /** Who sits where, set by redis-cli as an operator would. */
  async function seat(...pairs: readonly (readonly [string, string])[]): Promise<void> {
    for (const device of ['HD0001', 'HD0002', 'HD0003']) await fcall('hotdesk_logout', device, 'now')
    for (const [extension, device] of pairs) expect(await fcall('hotdesk_login', extension, device)).toBe('LOGGED_IN')
    // A call that comes back 480 would tell that the nodes have not heard of it yet.
    for (const [extension, device] of pairs) await office.settled(extension, device)
  }

  function fcall(name: string, ...args: readonly string[]): Promise<string> {
    return office.redis.cli('FCALL', name, '1', '{hd}', ...args)
  }

  async function called(by: Phone, number: string, at: Phone) {
    const dialling = await by.dial(number)
    return { dialling, ringing: await at.nextCall() }
  }

  describe('while it rings', () => {
    beforeEach(() => seat(['100', 'HD0001'], ['101', 'HD0003']))

    it('CANCEL by the caller reaches the phone that rings, across the sites', async () => {
      const { dialling, ringing } = await called(desk3, '100', desk1)
      await dialling.ringing
      dialling.cancel()
      await ringing.cancelled
      const dialled = await dialling.result
      expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(487)
    })

    it('each leg shows its capabilities: an INVITE and its 200 SHOULD carry Allow and Supported (RFC 3261 §13.2.1, §13.3.1.4)', async () => {
      const { dialling, ringing } = await called(desk3, '100', desk1)
      expect(ringing.invite.header('Allow')).toMatch(/\bINVITE\b.*\bUPDATE\b/)
      const call = await ringing.answer()
      const dialled = await dialling.result
      expect(dialled.outcome === 'answered' && dialled.answer.header('Allow')).toMatch(/\bINVITE\b/)
      await call.hangUp()
    })

    it('a busy phone is 486', async () => {
      const { dialling, ringing } = await called(desk3, '100', desk1)
      ringing.reject(486)
      const dialled = await dialling.result
      expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(486)
    })

    it('a logout cancels this branch, and the call continues as for a user who is not logged in', async () => {
      const { dialling, ringing } = await called(desk3, '100', desk1)
      expect(await fcall('hotdesk_logout', 'HD0001')).toBe('LOGGED_OUT 100')
      await ringing.cancelled
      const dialled = await dialling.result
      expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(480)
    })

    it('a user who moves to another phone meanwhile is rung there', async () => {
      const { dialling, ringing } = await called(desk3, '100', desk1)
      expect(await fcall('hotdesk_login', '100', 'HD0002')).toBe('MOVED HD0001')
      await ringing.cancelled
      const there = await desk2.nextCall()
      const call = await there.answer()
      const dialled = await dialling.result
      expect(dialled.outcome).toBe('answered')
      await call.hangUp()
    })

    it('nobody answers: 480 after the user’s ring time, and the phone stops', async () => {
      await office.directory.putUser('100', { ringSeconds: 1 })
      const { dialling, ringing } = await called(desk3, '100', desk1)
      await ringing.cancelled
      const dialled = await dialling.result
      expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(480)
      await office.directory.putUser('100', { ringSeconds: 30 })
    })
  })

  describe('forwards', () => {
    beforeEach(() => seat(['101', 'HD0003'], ['102', 'HD0002']))

    it('a user who is not logged in is forwarded to the number that they set', async () => {
      await office.directory.putUser('100', { forwards: { notLoggedIn: '102' } })
      await office.follows('user:100', (user) => user?.get('forwardNotLoggedIn') === '102')
      const { dialling, ringing } = await called(desk3, '100', desk2)
      expect(ringing.callerNumber).toBe('101')
      ringing.reject(486)
      await dialling.result
    })

    it('a ring of forwards is a loop: 482', async () => {
      await office.directory.putUser('100', { forwards: { notLoggedIn: '102' } })
      await office.directory.putUser('102', { forwards: { busy: '100' } })
      await office.follows('user:102', (user) => user?.get('forwardBusy') === '100')
      const { dialling, ringing } = await called(desk3, '100', desk2)
      ringing.reject(486)
      const dialled = await dialling.result
      expect(dialled.outcome === 'failed' && dialled.answer.status).toBe(482)
      await office.directory.putUser('100', { forwards: { notLoggedIn: null } })
      await office.directory.putUser('102', { forwards: { busy: null } })
    })
  })

  describe('a logout during a call', () => {
    beforeEach(() => seat(['100', 'HD0001'], ['101', 'HD0003']))

    it('drains: no new calls, and the logout follows the end of the call', async () => {
      const { dialling, ringing } = await called(desk3, '100', desk1)
      const callee = await ringing.answer()
      await dialling.result
      await office.redisSays('1', 'EXISTS', '{hd}:oncall:HD0001')
      expect(await fcall('hotdesk_logout', 'HD0001')).toBe('DRAINING 1')
      await office.follows('device:HD0001', (device) => device?.get('state') === 'draining')
      expect(await dialRefused(desk1, '101')).toBe(480)
      expect(await fcall('hotdesk_who', 'HD0001')).toBe('DRAINING 100')
      await callee.hangUp()
      await office.follows('devices', (devices) => devices?.get('HD0001') === undefined)
      expect(await fcall('hotdesk_who', 'HD0001')).toBe('FREE')
    })

    it('with `now` ends the call with a BYE that says why', async () => {
      const { dialling, ringing } = await called(desk3, '100', desk1)
      const callee = await ringing.answer()
      const dialled = await dialling.result
      expect(await fcall('hotdesk_logout', 'HD0001', 'now')).toBe('LOGGED_OUT 100')
      await callee.ended
      if (dialled.outcome === 'answered') await dialled.call.ended
    })

    it('a user who moves keeps the call on the old phone; new calls go to the new one', async () => {
      const { dialling, ringing } = await called(desk3, '100', desk1)
      const callee = await ringing.answer()
      const dialled = await dialling.result
      expect(await fcall('hotdesk_login', '100', 'HD0002')).toBe('MOVED HD0001')
      await office.settled('100', 'HD0002')
      const second = await called(desk3, '100', desk2)
      second.ringing.reject(486)
      await second.dialling.result
      expect(callee.dialog.ended).toBe(false)
      if (dialled.outcome === 'answered') await dialled.call.hangUp()
      await callee.ended
    })
  })

  describe('a name', () => {
    it.each(['Chloé', '日本 Zoë', 'Al "the" \\ Pal'])('%s reaches the other phone as it is written', async (name) => {
      await office.directory.putUser('101', { name })
      await office.follows('user:101', (user) => user?.get('name') === name)
      await seat(['100', 'HD0001'], ['101', 'HD0003'])
      const { dialling, ringing } = await called(desk3, '100', desk1)
      expect(ringing.callerName).toBe(name)
      ringing.reject(486)
      await dialling.result
      await office.directory.putUser('101', { name: 'Bob' })
    })
  })

  describe('a phone with an owner', () => {
    it('belongs to its owner while nobody else is logged in', async () => {
      await seat(['101', 'HD0003'])
      await office.directory.putDevice('HD0002', { owner: '102' })
      await office.follows('device:HD0002', (device) => device?.get('owner') === '102')
      const { dialling, ringing } = await called(desk3, '102', desk2)
      ringing.reject(486)
      await dialling.result
      const back = await called(desk2, '101', desk3)
      expect(back.ringing.callerNumber).toBe('102')
      back.ringing.reject(486)
      await back.dialling.result
      await office.directory.putDevice('HD0002', { owner: null })
    })
  })

  describe('who is logged in elsewhere already', () => {
    it('with secondLogin allow both phones ring, and the slower one learns that the call was answered elsewhere', async () => {
      await office.directory.putUser('100', { secondLogin: 'allow' })
      await office.follows('user:100', (user) => user?.get('secondLogin') === 'allow')
      await seat(['100', 'HD0001'], ['101', 'HD0003'])
      expect(await fcall('hotdesk_login', '100', 'HD0002')).toBe('LOGGED_IN')
      await office.settled('100', 'HD0002')
      const dialling = await desk3.dial('100')
      const [first, second] = await Promise.all([desk1.nextCall(), desk2.nextCall()])
      const call = await second.answer()
      expect(await first.cancelled).toContain('Call completed elsewhere')
      expect((await dialling.result).outcome).toBe('answered')
      await call.hangUp()
      await office.directory.putUser('100', { secondLogin: 'move' })
    })
  })

  describe('the dial codes', () => {
    it.each(['*77', '*77*'])('%s asks for the extension first', async (code) => {
      await seat()
      const call = await dialAnswered(desk2, code)
      expect(await call.hears(10)).toBe(true)
      await call.audio.press('102#')
      expect(await call.hears(40)).toBe(true)
      await call.audio.press(`${pinOf('102')}#`)
      await call.ended
      expect(await fcall('hotdesk_where', '102')).toBe('AT HD0002')
    })

    it('a missing last * and a # behind are tolerated', async () => {
      await seat()
      const call = await dialAnswered(desk2, '*77*102#')
      expect(await call.hears(10)).toBe(true)
      await call.audio.press(`${pinOf('102')}#`)
      await call.ended
      expect(await fcall('hotdesk_where', '102')).toBe('AT HD0002')
    })

    it('a caller who hangs up in the dialogue changes nothing, and leaves an event', async () => {
      await seat()
      const call = await dialAnswered(desk2, '*77*100*')
      await call.audio.press('47')
      await call.hangUp()
      await paris.logged('hotdesk.abandoned')
      expect(await fcall('hotdesk_where', '100')).toBe('NOWHERE')
      // A refresh that is still under way may write its own event behind it.
      expect(await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '5')).toContain('login.abandoned')
    })
  })

  describe('when the node of a user is gone', () => {
    it('the caller hears so at once, without waiting for Timer B', async () => {
      await seat(['101', 'HD0003'])
      const oslo = await office.node('oslo-1', 'paris')
      const desk4 = await office.phone('HD0004', oslo)
      await logIn(desk4, '102')
      await oslo.kill()
      await office.redis.cli('DEL', '{hd}:node:oslo-1')
      await office.follows('node:oslo-1', (node) => node === undefined)
      const began = performance.now()
      expect(await dialRefused(desk3, '102')).toBe(480)
      expect(performance.now() - began).toBeLessThan(10_000)
    })
  })
})
