import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hotdeskLibrary } from '../../../src/hotdesk/hotdesk.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import { dialAnswered, hears, logIn } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { untilReadiness } from '../../support/node/node-health.js'
import { openTestOffice, pinOf, type TestOffice } from '../../support/node/office.js'

/** What operators and machines do to a Redis that goes on running. */
describe('a node whose Redis', () => {
  let office: TestOffice
  let node: TestNode
  let desk1: Phone
  let desk2: Phone
  let desk3: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    desk1 = await office.phone('HD0001', node)
    desk2 = await office.phone('HD0002', node)
    desk3 = await office.phone('HD0003', node)
    await seatAll()
  }, 60_000)

  afterAll(() => office.close())

  async function seatAll(): Promise<void> {
    for (const [extension, device] of [
      ['100', 'HD0001'],
      ['101', 'HD0002'],
    ] as const) {
      expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', extension, device)).toMatch(/^(LOGGED_IN|UNCHANGED)$/)
      await office.settled(extension, device)
    }
  }

  describe('stands still for seconds', () => {
    it('keeps its calls, sets up new ones, and lets no login hang', async () => {
      const call = await converse(desk1, '101', desk2)
      const login = await dialAnswered(desk3, '*77*102*')
      await hears(login)
      office.redis.signal('SIGSTOP')
      const began = performance.now()
      await login.audio.press(`${pinOf('102')}#`)
      await node.logged('hotdesk.refused', ({ outcome }) => outcome === 'STORE_LOST')
      // The PIN's keys alone take 800 ms.
      expect(performance.now() - began).toBeLessThan(6_000)
      await expectUndisturbed(call)
      await hangUp(call)
      const dialled = performance.now()
      await hangUp(await converse(desk2, '100', desk1))
      expect(performance.now() - dialled).toBeLessThan(5_000)
      await hears(login, 60)
      await login.ended
      expect((await desk3.register()).status).toBe(200)
      expect((await untilReadiness(node, 503)).reasons[0]).toContain('Redis is lost')
    })

    it('goes on where it was when Redis does, and a login works', async () => {
      office.redis.signal('SIGCONT')
      await untilReadiness(node, 200)
      expect(await office.redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0003')).toBe('FREE')
      await logIn(desk3, '102')
      expect(await office.redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0003')).toBe('OCCUPIED 102')
    })
  })

  it('loses its function library to an operator’s FUNCTION DELETE: /readyz says what to run, and then a login works', async () => {
    await office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0003')
    await office.redis.cli('FUNCTION', 'DELETE', 'hotdesk')
    expect((await untilReadiness(node, 503)).reasons.join()).toContain('run `hotdesk redis install`')
    await hangUp(await converse(desk1, '101', desk2))
    expect(await office.redis.cli('FUNCTION', 'LIST', 'LIBRARYNAME', 'hotdesk')).toBe('')
    await office.redis.cli('FUNCTION', 'LOAD', hotdeskLibrary.code)
    await untilReadiness(node, 200)
    await logIn(desk3, '102')
    expect(await office.redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0003')).toBe('OCCUPIED 102')
  })

  describe('is emptied by FLUSHALL', () => {
    it('keeps the call that is up', async () => {
      const call = await converse(desk1, '101', desk2)
      expect(await office.redis.cli('FLUSHALL')).toBe('OK')
      await expectUndisturbed(call)
      await hangUp(call)
    })

    it('says so, goes on with calls from its copy, and refuses logins', async () => {
      await expect.poll(async () => (await untilReadiness(node, 503)).reasons.join()).toMatch(/Redis has lost \d+ users, \d+ phones/)
      await node.logged('store.emptied')
      await hangUp(await converse(desk1, '101', desk2))
      const login = await dialAnswered(desk3, '*77*102*')
      await hears(login)
      await login.audio.press(`${pinOf('102')}#`)
      await node.logged('hotdesk.refused', ({ outcome }) => outcome === 'STORE_LOST')
      await login.ended
    })

    it('is ready again when people, phones and logins are back', async () => {
      await office.furnish()
      await seatAll()
      await node.logged('store.whole')
      await untilReadiness(node, 200)
      await hangUp(await converse(desk2, '100', desk1))
      await logIn(desk3, '102')
      await hangUp(await converse(desk2, '102', desk3))
    })

    it('and writes the registrations of its phones again', async () => {
      for (const device of ['HD0001', 'HD0002', 'HD0003']) await office.redisSays('paris-1', 'HGET', `{hd}:reg:${device}`, 'node')
      await office.redisSays('paris', 'HGET', '{hd}:node:paris-1', 'site')
    })
  })
})
