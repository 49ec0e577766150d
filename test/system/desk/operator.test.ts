import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import { dialRefused } from '../../support/node/login.js'
import type { TestOffice } from '../../support/node/office.js'
import { openTwoSites } from '../../support/node/two-sites.js'

/** What an operator does at redis-cli reaches the phones, wherever they are registered, as a dial code would. Each step goes on from the one before. */
describe('an operator at redis-cli', () => {
  let office: TestOffice
  let desk1: Phone
  let desk2: Phone
  let desk3: Phone

  beforeAll(async () => {
    ;({ office, desk1, desk2, desk3 } = await openTwoSites())
  }, 60_000)

  afterAll(() => office.close())

  const fcall = (line: string): Promise<string> => {
    const [name = '', ...args] = line.split(' ')
    return office.redis.cli('FCALL', `hotdesk_${name}`, '1', '{hd}', ...args)
  }

  /** Runs the command; each of the phones is told within a second of its answer. */
  async function tells(phones: readonly Phone[], act: () => Promise<string>): Promise<string> {
    const told = phones.map((phone) => phone.nextNotify())
    const answer = await act()
    const answered = performance.now()
    for (const notify of await Promise.all(told)) expect(notify).toMatch(/^check-sync/)
    // A second, and as much again for a machine that has other work.
    expect(performance.now() - answered).toBeLessThan(2_000)
    return answer
  }

  const lastEvent = async (): Promise<string> => {
    const entries = await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-', 'COUNT', '8')
    const said = entries.split(/\n(?=\d+-\d+)/).map((entry) => entry.split('\n').slice(1).join(' '))
    return said.find((entry) => !entry.startsWith('event refresh')) ?? ''
  }

  it('logs a user in: the phone is told within a second, and rings for them', async () => {
    expect(await tells([desk3], () => fcall('login 100 HD0003'))).toBe('LOGGED_IN')
    expect(await lastEvent()).toBe('event login device HD0003 user 100 via redis-cli')
    expect(await tells([desk2], () => fcall('login 101 HD0002'))).toBe('LOGGED_IN')
    await hangUp(await converse(desk2, '100', desk3))
  })

  it('moves them to another site: both phones are told', async () => {
    expect(await tells([desk1, desk3], () => fcall('login 100 HD0001'))).toBe('MOVED HD0003')
    await hangUp(await converse(desk2, '100', desk1))
    expect(await dialRefused(desk3, '101')).toBe(480)
  })

  it('swaps a phone for one of another site: both are told, and the calls follow', async () => {
    expect(await tells([desk1, desk3], () => fcall('replace HD0001 HD0003'))).toBe('REPLACED 100')
    expect(await lastEvent()).toBe('event replaced device HD0003 user 100 via redis-cli from HD0001')
    await hangUp(await converse(desk2, '100', desk3))
  })

  it('wants a phone to show once more who sits there', async () => {
    expect(await tells([desk3], () => fcall('refresh 100'))).toBe('REFRESHING')
  })

  it('edits the assignment by hand: the phone is told as well', async () => {
    await tells([desk3], () => office.redis.cli('HDEL', '{hd}:devices', 'HD0003'))
    await office.redisSays('NOWHERE', 'FCALL', 'hotdesk_where', '1', '{hd}', '100')
    await tells([desk1], () => office.redis.cli('HSET', '{hd}:devices', 'HD0001', '100'))
    await office.redisSays('AT HD0001', 'FCALL', 'hotdesk_where', '1', '{hd}', '100')
    expect(await lastEvent()).toContain('event repaired device HD0001 user 100 how completed')
  })

  it('logs out during a call at the other site: it drains, and the phone is told when the call has ended', async () => {
    await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '102', 'HD0003')
    await office.settled('102', 'HD0003')
    await desk3.nextNotify()
    const call = await converse(desk2, '102', desk3)
    expect(await fcall('logout HD0003')).toBe('DRAINING 1')
    expect(await fcall('who HD0003')).toBe('DRAINING 102')
    await tells([desk3], async () => {
      await hangUp(call)
      return ''
    })
    expect(await fcall('who HD0003')).toBe('FREE')
  })

  it('logs out now: the call ends at once, and the phone is told', async () => {
    const { caller, callee } = await converse(desk2, '100', desk1)
    expect(await tells([desk1], () => fcall('logout 100 now'))).toBe('LOGGED_OUT 100')
    await Promise.all([caller.ended, callee.ended])
    expect(await dialRefused(desk1, '101')).toBe(480)
  })
})
