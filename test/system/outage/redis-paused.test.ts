import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause, systemClock } from '../../../src/base/clock.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type Conversation, converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import { logIn } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { untilReadiness } from '../../support/node/node-health.js'
import type { TestOffice } from '../../support/node/office.js'
import { openTwoSites } from '../../support/node/two-sites.js'

/** Longer than nodes and registrations live without a word of theirs. */
const pausedMs = 20_000

describe('a Redis that stands still for 20 seconds, with nodes at two sites', () => {
  let office: TestOffice
  let paris: TestNode
  let london: TestNode
  let desk1: Phone
  let desk2: Phone
  let desk3: Phone
  let call: Conversation

  beforeAll(async () => {
    ;({ office, paris, london, desk1, desk2, desk3 } = await openTwoSites())
    await office.seat({ '100': 'HD0001', '102': 'HD0003' })
  }, 60_000)

  afterAll(() => office.close())

  it('leaves the calls between the sites as they are, those that stand and new ones', async () => {
    call = await converse(desk1, '102', desk3)
    office.redis.signal('SIGSTOP')
    await pause(systemClock, pausedMs / 2)
    await expectUndisturbed(call)
    await hangUp(call)
    await hangUp(await converse(desk3, '100', desk1))
    call = await converse(desk1, '102', desk3)
    await pause(systemClock, pausedMs / 2)
    office.redis.signal('SIGCONT')
    await expectUndisturbed(call)
    await hangUp(call)
  })

  it('and those in the moments after it has come back, though every heartbeat in it had run out', async () => {
    const until = systemClock.now() + 8_000
    for (let turn = 0; systemClock.now() < until; turn += 1) {
      if (turn % 2 === 0) await hangUp(await converse(desk1, '102', desk3))
      else await hangUp(await converse(desk3, '100', desk1))
    }
    await Promise.all([paris, london].map((node) => untilReadiness(node, 200)))
  })

  it('keeps every login and registration, and takes new ones', async () => {
    expect(await office.redis.cli('HGETALL', '{hd}:devices')).toBe('HD0001\n100\nHD0003\n102')
    for (const [device, node] of [
      ['HD0001', 'paris-1'],
      ['HD0002', 'paris-1'],
      ['HD0003', 'london-1'],
    ] as const)
      await office.redisSays(node, 'HGET', `{hd}:reg:${device}`, 'node')
    await logIn(desk2, '101')
    await hangUp(await converse(desk3, '101', desk2))
  })
})
