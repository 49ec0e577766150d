import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type Conversation, converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import { dialAnswered, dialRefused, hears, logIn } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf, readinessOf, until, untilReadiness } from '../../support/node/node-health.js'
import { openTestOffice, pinOf, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'

/** The row "Redis is lost" of the behaviour table; each step goes on from the one before. */
describe('a node whose Redis is killed', () => {
  let office: TestOffice
  let carrier: Carrier
  let node: TestNode
  let desk1: Phone
  let desk2: Phone
  let desk3: Phone
  let call: Conversation

  beforeAll(async () => {
    office = await openTestOffice()
    carrier = await openCarrier()
    node = await office.node('paris-1', 'paris', { dialplan: planOver(carrier.address) })
    desk1 = await office.phone('HD0001', node)
    desk2 = await office.phone('HD0002', node)
    desk3 = await office.phone('HD0003', node)
    await office.seat({ '100': 'HD0001', '101': 'HD0002' })
    call = await converse(desk1, '101', desk2)
  }, 60_000)

  afterAll(async () => {
    await office.close()
    await carrier.close()
  })

  it('says so at once: in the log, and at /readyz with 503, the reason and the age of its copy', async () => {
    await office.redis.kill()
    const line = await node.logged('store.lost')
    expect(line.msg).toContain('calls go on from the copy in memory, logins are refused until it is back')
    const { reasons } = await untilReadiness(node, 503)
    expect(reasons).toEqual([expect.stringMatching(/^Redis is lost(: .+)?; the copy is \d s old$/)])
    expect((await fetch(`${node.http}/healthz`)).status).toBe(200)
  })

  it('a call that stands goes on', async () => {
    await expectUndisturbed(call)
    await hangUp(call)
  })

  it('new calls are set up, with the name of the caller', async () => {
    const dialling = await desk2.dial('100')
    const ringing = await desk1.nextCall()
    expect([ringing.callerName, ringing.callerNumber]).toEqual(['Bob', '101'])
    const callee = await ringing.answer()
    const dialled = await dialling.result
    if (dialled.outcome === 'failed') throw new Error(`${dialled.answer.status} ${dialled.answer.reason}`)
    await hangUp({ caller: dialled.call, callee })
  })

  it('phones stay registered: a REGISTER is answered 200, that of a phone it has not seen before as well', async () => {
    expect((await desk3.register()).status).toBe(200)
    await office.phone('HD0004', node)
    expect(await metricOf(node, 'hotdesk_registrar_bindings')).toBe(4)
  })

  it('a login hears that it should be tried later, and nothing changes', async () => {
    const login = await dialAnswered(desk3, '*77*102*')
    await hears(login)
    await login.audio.press(`${pinOf('102')}#`)
    await hears(login, 60)
    await login.ended
    await node.logged('hotdesk.refused', ({ outcome, device }) => outcome === 'STORE_LOST' && device === 'HD0003')
    expect(await dialRefused(desk3, '100')).toBe(480)
    expect(await dialRefused(desk1, '102')).toBe(480)
  })

  it('a logout hears the same, and the user is still there', async () => {
    const logout = await dialAnswered(desk1, '*77*5*')
    await hears(logout, 60)
    await logout.ended
    await node.logged('hotdesk.refused', ({ outcome, device }) => outcome === 'STORE_LOST' && device === 'HD0001')
    await hangUp(await converse(desk2, '100', desk1))
  })

  it('an idle phone reaches the emergency centre, which can call it back', async () => {
    await hangUp(await converse(desk3, '112', carrier.line('112')))
    await hangUp(await converse(carrier.line('112', node.udp), '+33199000003', desk3))
  })

  it('the age of the copy is a metric, and grows', async () => {
    expect(await metricOf(node, 'hotdesk_store_up')).toBe(0)
    const age = await metricOf(node, 'hotdesk_store_copy_age_seconds')
    expect(age).toBeGreaterThan(0)
    await until(
      'it is older',
      () => metricOf(node, 'hotdesk_store_copy_age_seconds'),
      (later) => later > age,
    )
    expect((await readinessOf(node)).reasons[0]).toMatch(/copy is [1-9]\d* s old/)
  })

  describe('and comes back', () => {
    it('the node is ready again by itself', async () => {
      await office.redis.start()
      await untilReadiness(node, 200, 10_000)
      expect(await metricOf(node, 'hotdesk_store_up')).toBe(1)
      await until(
        'the copy is fresh',
        () => metricOf(node, 'hotdesk_store_copy_age_seconds'),
        (age) => age === 0,
      )
    })

    it('Redis learns what happened meanwhile: registrations, the emergency call, the number that it calls back', async () => {
      await office.redisSays('1', 'EXISTS', '{hd}:reg:HD0004')
      await office.redisSays('HD0003', 'HGET', '{hd}:callback:+33199000003', 'device')
      await office.redisSays('1', 'EXISTS', '{hd}:quiet:HD0003')
      expect(await office.redis.cli('XREVRANGE', '{hd}:events', '+', '-')).toMatch(/event\nemergency\ndevice\nHD0003/)
      expect(await office.redis.cli('EXISTS', '{hd}:oncall:HD0003')).toBe('0')
      expect(await office.redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001')).toBe('OCCUPIED 100')
    })

    it('a login works again, and the call goes there', async () => {
      await logIn(desk2, '102')
      await office.redisSays('AT HD0002', 'FCALL', 'hotdesk_where', '1', '{hd}', '102')
      await hangUp(await converse(desk1, '102', desk2))
      expect(await dialRefused(desk1, '101')).toBe(480)
    })
  })
})
