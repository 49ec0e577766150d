import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import { logIn } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'

const quietSeconds = 10

/** The row "Quiet time" of the behaviour; the ten minutes are ten seconds here. Each step goes on from the one before. */
describe('after an emergency call', () => {
  let office: TestOffice
  let carrier: Carrier
  let node: TestNode
  let desk1: Phone
  let desk2: Phone
  let desk3: Phone
  let notified: Promise<string>
  let isNotified = false

  beforeAll(async () => {
    office = await openTestOffice()
    carrier = await openCarrier()
    const env = { HOTDESK_EMERGENCY_QUIET_SECONDS: String(quietSeconds) }
    node = await office.node('paris-1', 'paris', { dialplan: planOver(carrier.address), env })
    desk1 = await office.phone('HD0001', node)
    desk2 = await office.phone('HD0002', node)
    desk3 = await office.phone('HD0003', node)
    for (const [extension, device, phone] of [
      ['100', 'HD0001', desk1],
      ['101', 'HD0003', desk3],
    ] as const) {
      expect(await fcall('hotdesk_login', extension, device)).toBe('LOGGED_IN')
      expect(await phone.nextNotify()).toMatch(/^check-sync/)
      await office.follows(`device:${device}`, (record) => record?.get('refresh') === 'sent')
    }
    const call = await converse(desk1, '101', desk3)
    await office.redisSays('1', 'EXISTS', '{hd}:oncall:HD0003')
    expect(await fcall('hotdesk_logout', 'HD0003')).toBe('DRAINING 1')
    for (const phone of [desk3, desk1]) await hangUp(await converse(phone, '112', carrier.line('112')))
    await hangUp(call)
    for (const device of ['HD0001', 'HD0003']) await office.redisSays('0', 'EXISTS', `{hd}:oncall:${device}`)
    notified = desk1.nextNotify()
    void notified.then(() => {
      isNotified = true
    })
  }, 60_000)

  afterAll(async () => {
    await office.close()
    await carrier.close()
  })

  function fcall(name: string, ...args: readonly string[]): Promise<string> {
    return office.redis.cli('FCALL', name, '1', '{hd}', ...args)
  }

  it.each([
    ['a logout by redis-cli', ['hotdesk_logout', 'HD0001']],
    ['a logout of its user by redis-cli', ['hotdesk_logout', '100']],
    ['a logout that ends calls', ['hotdesk_logout', 'HD0001', 'now']],
    ['the login of somebody else by redis-cli', ['hotdesk_login', '102', 'HD0001']],
  ] as const)('%s is refused on that phone', async (_, [name, ...args]) => {
    expect(await fcall(name, ...args)).toBe('EMERGENCY')
    expect(await fcall('hotdesk_who', 'HD0001')).toBe('OCCUPIED 100')
  })

  it('a logout by redis-cli that waits for the end of a call keeps waiting', async () => {
    expect(await fcall('hotdesk_who', 'HD0003')).toBe('DRAINING 101')
  })

  it('a refresh that an operator wants reaches another phone, and not that one', async () => {
    for (const device of ['HD0001', 'HD0002']) await office.redis.cli('HSET', `{hd}:device:${device}`, 'refresh', 'pending')
    expect(await desk2.nextNotify()).toMatch(/^check-sync/)
    await office.follows('device:HD0002', (record) => record?.get('refresh') === 'sent')
    expect(isNotified).toBe(false)
    expect(await office.redis.cli('HGET', '{hd}:device:HD0001', 'refresh')).toBe('pending')
  })

  it('a user may log in at this phone, and the phone is not refreshed yet', async () => {
    await logIn(desk1, '102')
    expect(await fcall('hotdesk_who', 'HD0001')).toBe('OCCUPIED 102')
    expect([await office.redis.cli('EXISTS', '{hd}:quiet:HD0001'), isNotified]).toEqual(['1', false])
  })

  it('the phone is refreshed as soon as the quiet time is over, and logouts work again, including one that had to wait', async () => {
    expect(await notified).toMatch(/^check-sync/)
    expect(await office.redis.cli('EXISTS', '{hd}:quiet:HD0001')).toBe('0')
    expect(await fcall('hotdesk_logout', 'HD0001')).toBe('LOGGED_OUT 102')
    await office.redisSays('FREE', 'FCALL', 'hotdesk_who', '1', '{hd}', 'HD0003')
  })
})
