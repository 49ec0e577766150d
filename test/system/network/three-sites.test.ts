import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'
import { networkSecret } from '../../support/node/node.js'
import { pinOf } from '../../support/node/office.js'
import type { DeskPhone } from '../../support/wide-area/desks.js'
import { openThreeSites, type ThreeSites } from '../../support/wide-area/three-sites.js'

/**
 * Paris and London with two nodes each and Berlin with one, in network namespaces. Redis is in a fourth. The wide-area network takes 50 ms one way
 * and loses a packet in a hundred. Only root can make namespaces.
 */
describe.skipIf(process.getuid?.() !== 0)('three sites and a wide-area network', () => {
  let sites: ThreeSites
  let operator: CommandLine

  beforeAll(async () => {
    sites = await openThreeSites()
    operator = await openCommandLine(sites.office.redis, networkSecret)
    await sites.office.seat({ 100: 'HD0001', 101: 'HD0003', 103: 'HD0005' })
  }, 180_000)
  afterAll(async () => {
    await operator.close()
    await sites.close()
  })

  it('S10: a code that collides with the login is named when London reloads its plan, and the old plan stays', async () => {
    const file = join(sites.nodes['london-1'].folder, 'london.yaml')
    const plan = readFileSync(file, 'utf8')
    writeFileSync(file, plan.replace('"*8."', '"*7X."'))
    const { code, out } = await operator.hotdesk('reload', '--node', 'london-1')
    expect(code).toBe(2)
    expect(out).toContain('london-1: nothing has changed')
    expect(out).toMatch(/london\.yaml:1:\d+ +shortCodes.*"\*7X\." can match the same digits as codes\.login "\*77\*"/)
    writeFileSync(file, plan)
  })

  it('S12: a call to a direct number of Paris rings its user in London', async () => {
    await expectTalk(sites.paris.line('+33612345678'), '+33199000101', sites.desk('HD0003'), '+33612345678')
  })

  it('S13: a user of Paris who sits in London dials as London does, over its trunk, with a number of London', async () => {
    await expectTalk(sites.desk('HD0003'), '902079460999', sites.london.line('+442079460999'), '+442079460101')
  })

  it('S14: rights of one name mean in London what London says', async () => {
    expect(await refused(sites.desk('HD0003'), '90012025550123')).toBe('480 Call Barred')
  })

  it('S15: the profile of a user of London is that of London in Berlin, and Paris must have one of that name', async () => {
    expect(await refused(sites.desk('HD0005'), '*8101')).toBe('480 Not Entitled')
    expect((await operator.hotdesk('user', 'show', '103', '--at', 'berlin')).out).toContain(
      'profile office of london includes roaming, outside, break-out',
    )
    expect((await operator.hotdesk('user', 'show', '103', '--at', 'paris')).out).toContain(
      'the profile office, which visitors of paris must have and paris does not define, includes nothing',
    )
  })

  it('S16: the keys of a user that cannot work in London are shown as such', async () => {
    await operator.hotdesk('user', 'set', '101', '--keys', 'line, appearance:100@paris')
    expect((await operator.hotdesk('user', 'show', '101', '--at', 'london')).out).toMatch(/dead at london +appearance:100@paris/)
    expect((await operator.hotdesk('user', 'show', '101', '--at', 'paris')).out).toMatch(/dead at paris +-$/m)
  })

  it('S17: a user in Berlin breaks out to London, over its trunk', async () => {
    await expectTalk(sites.desk('HD0005'), '*68*london*902079460999', sites.london.line('+442079460999'), '+442079460103')
  })

  it('a user logs in at a phone of London with the PIN, with Redis far away, and is called there', async () => {
    const { call, outcome } = await sites.desk('HD0004').dial('*77*102*')
    expect((await outcome).status).toBe(200)
    for (const key of `${pinOf('102')}#`) await call.press(key)
    await call.ended()
    await sites.office.settled('102', 'HD0004')
    await expectTalk(sites.desk('HD0001'), '102', sites.desk('HD0004'), '100')
  })

  it('users at three sites call each other by extension', async () => {
    await expectTalk(sites.desk('HD0001'), '103', sites.desk('HD0005'), '100')
    await expectTalk(sites.desk('HD0005'), '101', sites.desk('HD0003'), '103')
  })

  it('nodes of one site share its phones: a phone of the first is called by a phone of the second', async () => {
    await expectTalk(sites.desk('HD0002'), '112', sites.paris.line('112'), '+33199000002')
    await expectTalk(sites.desk('HD0005'), '100', sites.desk('HD0001'), '103')
  })

  describe('Paris is cut off', () => {
    beforeAll(() => sites.area.cut('paris'))

    it('S18: its user in London stays logged in, and calls and is called', async () => {
      await expectTalk(sites.desk('HD0005'), '101', sites.desk('HD0003'), '103')
      await expectTalk(sites.desk('HD0003'), '902079460999', sites.london.line('+442079460999'), '+442079460101')
    })

    it('an emergency call from Paris goes out over the trunk of Paris', async () => {
      await expectTalk(sites.desk('HD0001'), '112', sites.paris.line('112'), '+33199000001')
    })

    it('within 30 s of the repair every node agrees, and its users call and are called', async () => {
      await sites.area.heal('paris')
      const healed = systemClock.now()
      await sites.office.follows('node:paris-1', (node) => node !== undefined)
      await sites.office.follows('node:paris-2', (node) => node !== undefined)
      expect(systemClock.now() - healed).toBeLessThan(30_000)
      await expectTalk(sites.desk('HD0001'), '103', sites.desk('HD0005'), '100')
      await expectTalk(sites.desk('HD0003'), '100', sites.desk('HD0001'), '101')
    })
  })

  describe('Redis is cut off', () => {
    beforeAll(async () => {
      await sites.area.cut('centre')
      for (const node of Object.values(sites.nodes)) await node.logged('store.lost')
    }, 60_000)

    it('users call and are called within their site and between sites, and call for help', async () => {
      await expectTalk(sites.desk('HD0001'), '103', sites.desk('HD0005'), '100')
      await expectTalk(sites.desk('HD0005'), '101', sites.desk('HD0003'), '103')
      await expectTalk(sites.desk('HD0003'), '999', sites.london.line('999'), '+442079460003')
    })

    it('a login hears that it has to wait', async () => {
      const { call, outcome } = await sites.desk('HD0002').dial('*77*100*')
      expect((await outcome).status).toBe(200)
      for (const key of `${pinOf('100')}#`) await call.press(key)
      await call.ended()
      await sites.nodes['paris-2'].logged('hotdesk.refused', ({ outcome: word }) => word === 'STORE_LOST')
    })

    it('and it takes logins again when Redis is back', async () => {
      await sites.area.heal('centre')
      for (const node of Object.values(sites.nodes)) await node.logged('store.connected')
      await expectTalk(sites.desk('HD0001'), '103', sites.desk('HD0005'), '100')
    })
  })
})

async function refused(by: DeskPhone, number: string): Promise<string> {
  const { outcome } = await by.dial(number)
  const { status, reason } = await outcome
  return `${status} ${reason}`
}

async function expectTalk(by: DeskPhone, number: string, at: DeskPhone, shown: string): Promise<void> {
  const { call, outcome } = await by.dial(number)
  const refused = outcome.then(({ status, reason }) => Promise.reject(new Error(`${by.device} dialled ${number}: ${status} ${reason}`)))
  const incoming = await Promise.race([at.nextCall(), refused])
  expect(incoming.number).toBe(shown)
  const callee = await incoming.answer()
  expect((await outcome).status).toBe(200)
  await Promise.all([call.press('4'), callee.hears('4')])
  await call.hangUp()
  await callee.ended()
}
