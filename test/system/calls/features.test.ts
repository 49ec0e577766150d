import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import { dialAnswered, dialRefused, hears } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, pinOf, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'

/** 100 at HD0001 uses codes, 101 at HD0002 calls them, 102 is at HD0003; nobody is logged in at HD0004. */
describe('a feature code', () => {
  let office: TestOffice
  let carrier: Carrier
  let node: TestNode
  let desks: Readonly<Record<'alice' | 'bob' | 'chloe' | 'idle', Phone>>

  beforeAll(async () => {
    office = await openTestOffice()
    carrier = await openCarrier()
    node = await office.node('paris-1', 'paris', { dialplan: planWithFeatures(carrier.address) })
    const phone = (id: string) => office.phone(id, node)
    desks = { alice: await phone('HD0001'), bob: await phone('HD0002'), chloe: await phone('HD0003'), idle: await phone('HD0004') }
    await office.seat({ 100: 'HD0001', 101: 'HD0002', 102: 'HD0003' })
  }, 60_000)

  afterAll(async () => {
    await office.close()
    await carrier.close()
  })

  beforeEach(async () => {
    await office.furnish()
    await office.directory.putUser('100', { doNotDisturb: false, mayForward: true, rights: null, forwards: { always: null, busy: null } })
    await office.follows('user:100', (user) => user !== undefined)
  })

  /** What the voice says, by the log. */
  async function said(code: string, by: Phone = desks.alice): Promise<unknown> {
    const call = await dialAnswered(by, code)
    const { outcome } = await node.logged('call.feature')
    await call.hangUp()
    return outcome
  }

  const field = (name: string): Promise<string> => office.redis.cli('HGET', '{hd}:user:100', name)

  it('*21*102# forwards all calls, and #21# ends that; a voice confirms both', async () => {
    const call = await dialAnswered(desks.alice, '*21*102#')
    await hears(call)
    await call.ended
    await node.logged('call.feature')
    expect(await field('forwardAlways')).toBe('102')
    await hangUp(await converse(desks.bob, '100', desks.chloe))
    expect(await said('#21#')).toBe('forward-off')
    await hangUp(await converse(desks.bob, '100', desks.alice))
  })

  it('*26# keeps calls away until #26#: callers hear the busy tone, or reach the forward of a busy user', async () => {
    expect(await said('*26#')).toBe('do-not-disturb-on')
    expect(await dialRefused(desks.bob, '100')).toBe(486)
    expect(await said('*67*102#')).toBe('forward-on')
    await hangUp(await converse(desks.bob, '100', desks.chloe))
    expect(await said('#26#')).toBe('do-not-disturb-off')
    await hangUp(await converse(desks.bob, '100', desks.alice))
  })

  it('follows the user to another phone', async () => {
    expect(await said('*26#')).toBe('do-not-disturb-on')
    expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0004')).toBe('MOVED HD0001')
    await office.settled('100', 'HD0004')
    expect(await dialRefused(desks.bob, '100')).toBe(486)
    await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0001')
    await office.settled('100', 'HD0001')
  })

  it('with a PIN in place of a number changes nothing, and no log shows the PIN', async () => {
    expect(await said(`*21*${pinOf('100')}#`)).toBe('number-wrong')
    expect(await field('forwardAlways')).toBe('')
  })

  it('that forwards outside needs the right to it, also when the call comes', async () => {
    expect(await said('*21*00199000123')).toBe('forward-on')
    await office.directory.putUser('100', { rights: 'inside' })
    await office.follows('user:100', (user) => user?.get('rights') === 'inside')
    expect(await dialRefused(desks.bob, '100')).toBe(480)
    expect(await said('*61*00199000123')).toBe('barred')
    expect(await said('*61*102')).toBe('forward-on')
    await office.directory.putUser('100', { mayForward: false })
    await office.follows('user:100', (user) => user?.get('mayForward') === 'no')
    expect(await said('*67*102')).toBe('barred')
  })

  it('is not for an idle phone', async () => {
    expect(await dialRefused(desks.idle, '*26#')).toBe(480)
  })

  it('is to be tried later while Redis is away', async () => {
    await office.redis.kill()
    await node.logged('store.lost')
    expect(await said('*26#')).toBe('try-later')
  })
})

function planWithFeatures(carrier: string): string {
  const off = (code: string, feature: string) => [
    [`*${code}*.`, { feature }] as const,
    [`#${code}`, { feature: `${feature}-off` }] as const,
  ]
  const shortCodes = Object.fromEntries([
    ...off('21', 'forward-always'),
    ...off('67', 'forward-busy'),
    ...off('61', 'forward-no-answer'),
    ['*26', { feature: 'do-not-disturb' }] as const,
    ['#26', { feature: 'do-not-disturb-off' }] as const,
  ])
  return JSON.stringify({ ...(JSON.parse(planOver(carrier)) as object), shortCodes, rights: { inside: { forwardOutside: 'no' } } })
}
