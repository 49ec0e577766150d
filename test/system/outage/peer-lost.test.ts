import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause, systemClock } from '../../../src/base/clock.js'
import { type Conversation, converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import { sameAddresses, type TestNode } from '../../support/node/node.js'
import { metricOf, until } from '../../support/node/node-health.js'
import { openTwoSites, type TwoSites } from '../../support/node/two-sites.js'

/** Calls between two nodes, in both directions, of which one node dies. */
describe('a call between two nodes', () => {
  let sites: TwoSites
  let fromHere: Conversation
  let fromThere: Conversation

  beforeAll(async () => {
    sites = await openTwoSites()
    const { office, london, desk1, desk2, desk3 } = sites
    const desk4 = await office.phone('HD0004', london)
    await office.directory.putUser('103', { name: 'Dora', home: 'paris' })
    await office.seat({ 100: 'HD0001', 101: 'HD0002', 102: 'HD0003', 103: 'HD0004' })
    fromHere = await converse(desk1, '102', desk3)
    fromThere = await converse(desk4, '101', desk2)
  }, 60_000)
  afterAll(() => sites.office.close())

  it('goes on while the heartbeat of the other node is missing and the node lives', async () => {
    const { office, paris } = sites
    await office.redis.cli('DEL', '{hd}:node:london-1')
    await office.follows('node:london-1', (node) => node !== undefined)
    await expectUndisturbed(fromHere)
    await expectUndisturbed(fromThere)
    expect(await metricOf(paris, 'hotdesk_orphaned_calls_total')).toBe(0)
  })

  it('ends with a Reason on the phone that is left when the other node is killed, and the phone stops draining', async () => {
    const { office, paris, london } = sites
    expect(await office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001', 'drain')).toMatch(/^DRAINING/)
    const reasons: string[] = []
    fromHere.caller.dialog.onEnd(({ reason }) => void reasons.push(reason))
    fromThere.callee.dialog.onEnd(({ reason }) => void reasons.push(reason))
    await london.kill()
    // As if its 15 seconds were over.
    await office.redis.cli('DEL', '{hd}:node:london-1')
    await Promise.all([fromHere.caller.ended, fromThere.callee.ended])
    expect(reasons).toEqual(Array(2).fill('SIP;cause=480;text="The node at the other end is lost"'))
    await paris.logged('call.ended', ({ result, reason }) => result === 'server' && reason === 'node lost')
    await office.redisSays('FREE', 'FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001')
    for (const name of ['hotdesk_calls_active', 'hotdesk_sip_dialogs'])
      await until(
        `${name} is 0`,
        () => metricOf(paris, name),
        (count) => count === 0,
      )
    expect(await metricOf(paris, 'hotdesk_orphaned_calls_total')).toBe(2)
  })
})

describe('a call to a phone at another node', () => {
  let sites: TwoSites

  beforeAll(async () => {
    sites = await openTwoSites()
    const { office } = sites
    await office.directory.putUser('103', { name: 'Dora', home: 'paris' })
    // Nothing ends the ringing in the time of a test but the loss of the node.
    for (const extension of ['101', '102']) await office.directory.putUser(extension, { ringSeconds: 600 })
    await office.follows('user:102', (user) => user?.get('ringSeconds') === '600')
    await office.seat({ 100: 'HD0001', 101: 'HD0002', 102: 'HD0003' })
  }, 60_000)
  afterAll(() => sites.office.close())

  it('does not ring on when either node dies: the caller is answered, and the phone falls silent', async () => {
    const { office, london, desk1, desk2, desk3 } = sites
    const desk4 = await office.phone('HD0004', london)
    await office.seat({ 103: 'HD0004' })
    const fromHere = await desk1.dial('102')
    await desk3.nextCall()
    await fromHere.ringing
    const fromThere = await desk4.dial('101')
    const ringing = await desk2.nextCall()
    await fromThere.ringing
    // As after a power cut: no connection is closed, and nothing comes back.
    london.signal('SIGSTOP')
    try {
      await office.redis.cli('DEL', '{hd}:node:london-1')
      expect(await fromHere.result).toMatchObject({ outcome: 'failed', answer: { status: 480 } })
      await ringing.cancelled
    } finally {
      await london.kill()
    }
  })

  it('ends when that node comes back as another process, though its heartbeat was never missing', async () => {
    const { office, paris, london, desk1 } = sites
    const parts = { env: sameAddresses(london) }
    const second = await office.node('london-1', 'london', parts)
    const call = await converse(desk1, '102', await office.phone('HD0003', second))
    await second.kill()
    await office.node('london-1', 'london', parts)
    await call.caller.ended
    await paris.logged('call.orphaned', ({ peer }) => peer === 'london-1')
  })
})

/** The first probe comes ten seconds after the loss of Redis. */
const firstProbeMs = 15_000

/** A probe that is unanswered for five seconds ends a call. */
const verdictMs = 6_000

const requestsAt = (node: TestNode): Promise<number> => metricOf(node, 'hotdesk_sip_messages_total{kind="request"}')

describe('a call between two nodes, while Redis is lost', () => {
  let sites: TwoSites
  let call: Conversation

  beforeAll(async () => {
    sites = await openTwoSites()
    await sites.office.seat({ 100: 'HD0001', 101: 'HD0002', 102: 'HD0003' })
    call = await converse(sites.desk1, '102', sites.desk3)
  }, 60_000)
  afterAll(() => sites.office.close())

  it('goes on while both nodes live, which ask each other about it', async () => {
    const { office, paris, london } = sites
    await office.redis.kill()
    await Promise.all([paris, london].map((node) => node.logged('store.lost')))
    const before = await requestsAt(london)
    await until(
      'London is asked',
      () => requestsAt(london),
      (count) => count > before,
      firstProbeMs,
    )
    await pause(systemClock, verdictMs)
    await expectUndisturbed(call)
    for (const node of [paris, london]) expect(await metricOf(node, 'hotdesk_orphaned_calls_total')).toBe(0)
  })

  it('ends within 30 seconds when the other node is killed, and the phone that is left takes calls again', async () => {
    const { paris, london, desk1, desk2 } = sites
    const killed = systemClock.now()
    await london.kill()
    await call.caller.ended
    expect(systemClock.now() - killed).toBeLessThan(30_000)
    await paris.logged('call.orphaned', ({ peer }) => peer === 'london-1')
    await until(
      'no call is active',
      () => metricOf(paris, 'hotdesk_calls_active'),
      (count) => count === 0,
    )
    await hangUp(await converse(desk2, '100', desk1))
  })
})
