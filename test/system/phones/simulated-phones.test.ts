import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parseKeys } from '../../../src/directory/directory.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, pinOf, type TestOffice } from '../../support/node/office.js'
import { createDeskPhone, type DeskPhone } from '../../support/phones/desk-phone.js'
import { folderOfPhone } from '../../support/phones/folder-of-phone.js'
import { type Habits, habits } from '../../support/phones/phone-habits.js'
import { planOver } from '../../support/sip/carrier.js'

/**
 * A phone of each maker at HD0001: it knows nothing but the URL of its folder, and does the rest by what it fetches. 101 sits at HD0002 and 102
 * at HD0003.
 */
describe('a phone', () => {
  let office: TestOffice
  let node: TestNode
  let bob: Phone
  let chloe: Phone
  let phone: DeskPhone

  beforeAll(async () => {
    office = await openTestOffice()
    const plan = JSON.parse(planOver('127.0.0.1:9')) as object
    const shortCodes = { '*8.': { feature: 'pick-up' } }
    node = await office.node('paris-1', 'paris', { dialplan: JSON.stringify({ ...plan, shortCodes }) })
    await office.directory.putUser('100', { keys: parseKeys('line, blf:101="Bob", appearance:104@london') ?? [] })
    bob = await office.phone('HD0002', node)
    chloe = await office.phone('HD0003', node)
    await office.seat({ 101: 'HD0002', 102: 'HD0003' })
  }, 60_000)

  afterAll(() => office.close())

  async function open(of: Habits): Promise<DeskPhone> {
    return createDeskPhone({
      habits: of,
      folder: await folderOfPhone('HD0001', node, office),
      domain,
      port: Number(node.udp.split(':')[1]),
    })
  }

  describe.each(habits.map((one) => [one.family, one] as const))('of %s', (family, of) => {
    const hasKeys = family !== 'gigaset-n'

    beforeEach(async () => {
      phone = await open(of)
      await phone.boot()
    })

    afterEach(async () => {
      await phone.close()
      await office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001', 'now')
      await office.follows('devices', (devices) => devices?.has('HD0001') !== true)
    })

    test('becomes the user’s and is given back: login, refresh, directory, keys, lamp, pick-up, logout, reboot', async () => {
      expect(phone.asked.filter((one) => one.endsWith(' 200')).map((one) => one.split(' ')[0])).toContain(of.main)
      expect(phone.shows).toBe('HD0001')
      if (hasKeys) expect([phone.keys[0]?.watches, phone.keys[0]?.dials('terminated')]).toEqual(['*77*', '*77*'])

      await phone.logIn('100', pinOf('100'))
      await phone.refreshed()
      expect(phone.shows).toBe('100 Alice')
      // No setting of a Maxwell for a directory of its own is known.
      if (family !== 'gigaset-maxwell') expect(await phone.directory()).toContain('Bob')
      if (hasKeys) await withKeys()

      const { answer } = await (hasKeys ? phone.press(0, 'confirmed') : phone.dial('*77*5*'))
      expect(answer.status).toBe(200)
      await phone.refreshed()
      expect(phone.shows).toBe('HD0001')
      expect(await phone.directory()).toBe(null)
      if (hasKeys) expect([phone.keys[0]?.watches, phone.keys[2]?.kind]).toEqual(['*77*', 'none'])

      await phone.boot()
      expect(phone.shows).toBe('HD0001')
      // Nothing has changed since.
      await phone.poll()
      expect(phone.asked.at(-1)).toBe(`${of.main} ${of.isConditional ? 304 : 200}`)
    }, 60_000)
  })

  /** Alice picks up a call that rings at Bob's phone. */
  async function withKeys(): Promise<void> {
    expect(phone.keys.slice(0, 4).map(({ label, watches }) => [label, watches])).toMatchObject([
      ['Logout', '*77*5*'],
      [expect.anything(), null],
      ['Bob', '101'],
      ['Not here: 104', null],
    ])
    await phone.lamp(0, 'confirmed')
    const dialling = await chloe.dial('101')
    const ringing = await bob.nextCall()
    await phone.lamp(2, 'early')
    const { answer } = await phone.press(2, 'early')
    expect(answer.status).toBe(200)
    const dialled = await dialling.result
    if (dialled.outcome === 'failed') throw new Error(`${dialled.answer.status} ${dialled.answer.reason}`)
    await ringing.cancelled
    await dialled.call.hangUp()
    await phone.lamp(2, 'terminated')
  }
})
