import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import { logIn } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf, until, untilReadiness } from '../../support/node/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'

/** What a dashboard draws and an alert waits for; each step goes on from the one before. */
describe('the metrics of a node', () => {
  let office: TestOffice
  let node: TestNode
  let desk1: Phone
  let desk2: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    desk1 = await office.phone('HD0001', node)
    desk2 = await office.phone('HD0002', node)
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

  it('count what the command line does; a logout that waits for a call counts once the call has ended', async () => {
    const fcall = (...words: readonly string[]): Promise<string> =>
      office.redis.cli('FCALL', `hotdesk_${words[0] ?? ''}`, '1', '{hd}', ...words.slice(1))
    const counted = (transition: string, outcome: string, wanted: number): Promise<unknown> =>
      until(
        `${transition} ${outcome} is counted`,
        () => transitions(transition, outcome),
        (count) => count === wanted,
      )
    expect(await fcall('login', '101', 'HD0002', 'cli')).toBe('LOGGED_IN')
    await counted('login', 'LOGGED_IN', 2)
    expect(await fcall('login', '102', 'HD0002', 'cli')).toBe('DISPLACED 101')
    await counted('login', 'DISPLACED', 1)
    const call = await converse(desk1, '102', desk2)
    expect(await fcall('logout', 'HD0002', 'drain', 'cli')).toBe('DRAINING 1')
    expect(await transitions('logout', 'LOGGED_OUT')).toBe(0)
    await hangUp(call)
    await counted('logout', 'LOGGED_OUT', 1)
    expect(await fcall('login', '102', 'HD0002')).toBe('LOGGED_IN')
    expect(await fcall('logout', '102', 'now')).toBe('LOGGED_OUT 102')
    await counted('logout', 'LOGGED_OUT', 2)
    expect(await transitions('login', 'LOGGED_IN')).toBe(3)
  })

  it('count what was repaired after a hand edit', async () => {
    await office.redis.cli('HDEL', '{hd}:devices', 'HD0001')
    await until(
      'the repair is counted',
      () => metricOf(node, 'hotdesk_repairs_total'),
      (count) => count === 1,
      10_000,
    )
    expect(await office.redis.cli('FCALL', 'hotdesk_where', '1', '{hd}', '100')).toBe('NOWHERE')
  })

  it('survive a key of another type in place of the logins: the node names it, refuses logins and accepts them again', async () => {
    await logIn(desk1, '100')
    await office.redis.cli('RENAME', '{hd}:devices', '{hd}:aside')
    await office.redis.cli('SET', '{hd}:devices', 'spoiled')
    expect(JSON.stringify(await untilReadiness(node, 503))).toContain('{hd}:devices is not a hash')
    const call = await desk1.dial('*77*101*')
    const dialled = await call.result
    if (dialled.outcome === 'failed') throw new Error('the code was refused')
    await dialled.call.hears(10)
    await dialled.call.audio.press('5822#')
    await until(
      'STORE_LOST is counted',
      () => transitions('login', 'STORE_LOST'),
      (count) => count === 1,
    )
    await dialled.call.hangUp()
    await office.redis.cli('RENAME', '{hd}:aside', '{hd}:devices')
    await untilReadiness(node, 200, 15_000)
    await logIn(desk1, '101')
    expect(await office.redis.cli('FCALL', 'hotdesk_who', '1', '{hd}', 'HD0001')).toBe('OCCUPIED 101')
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
