import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../src/cli/demo/phone.js'
import { logIn } from '../support/login.js'
import type { TestNode } from '../support/node.js'
import { metricOf, until, untilReadiness } from '../support/node-health.js'
import { openTestOffice, type TestOffice } from '../support/office.js'

/** What a dashboard draws and an alert waits for; each step goes on from the one before. */
describe('the metrics of a node', () => {
  let office: TestOffice
  let node: TestNode
  let desk1: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    desk1 = await office.phone('HD0001', node)
  }, 60_000)

  afterAll(() => office.close())

  const transitions = (transition: string, outcome: string): Promise<number> =>
    metricOf(node, `hotdesk_transitions_total{transition="${transition}",outcome="${outcome}"}`)

  it('begin at 0 for every outcome, so that the first of a kind is an increase', async () => {
    for (const outcome of ['LOGGED_IN', 'DENIED', 'LOCKED', 'STORE_LOST', 'UNCONFIRMED'])
      expect(await transitions('login', outcome)).toBe(0)
    expect(await transitions('logout', 'DRAINING')).toBe(0)
    expect(await metricOf(node, 'hotdesk_refreshes_total{outcome="stale"}')).toBe(0)
    expect(await metricOf(node, 'hotdesk_store_reconnects_total')).toBe(0)
    expect(await metricOf(node, 'hotdesk_repairs_total')).toBe(0)
  })

  it('count a login once, with its time from the last digit, and how long its functions took', async () => {
    await logIn(desk1, '100')
    expect(await transitions('login', 'LOGGED_IN')).toBe(1)
    expect(await metricOf(node, 'hotdesk_login_seconds_count')).toBe(1)
    expect(await metricOf(node, 'hotdesk_login_seconds_sum')).toBeGreaterThan(0)
    for (const name of ['hotdesk_attempt', 'hotdesk_forgive', 'hotdesk_login'])
      expect(await metricOf(node, `hotdesk_store_call_seconds_count{function="${name}"}`)).toBe(1)
  })

  it('count a wrong PIN as a denied login that took no time', async () => {
    const call = await desk1.dial('*77*101*')
    const dialled = await call.result
    if (dialled.outcome === 'failed') throw new Error('the code was refused')
    await dialled.call.hears(10)
    await dialled.call.audio.press('9999#')
    await until(
      'DENIED is counted',
      () => transitions('login', 'DENIED'),
      (count) => count === 1,
    )
    await dialled.call.hangUp()
    expect(await metricOf(node, 'hotdesk_login_seconds_count')).toBe(1)
  })

  it('count what was set right after a hand edit', async () => {
    await office.redis.cli('HDEL', '{hd}:devices', 'HD0001')
    await until(
      'the repair is counted',
      () => metricOf(node, 'hotdesk_repairs_total'),
      (count) => count === 1,
      10_000,
    )
    expect(await office.redis.cli('FCALL', 'hotdesk_where', '1', '{hd}', '100')).toBe('NOWHERE')
  })

  it('count each time that Redis was lost and is there again', async () => {
    await office.redis.kill()
    await untilReadiness(node, 503)
    expect(await metricOf(node, 'hotdesk_store_reconnects_total')).toBe(0)
    await office.redis.start()
    await untilReadiness(node, 200, 15_000)
    expect(await metricOf(node, 'hotdesk_store_reconnects_total')).toBe(1)
  })
})
