import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, openSippOffice, type SippOffice } from '../../support/programs/sipp-office.js'
import { once } from '../../support/programs/sipp-trace.js'

let office: SippOffice

beforeAll(async () => {
  office = await openSippOffice({ desks: 6 })
}, 60_000)

afterAll(() => office.close())

describe('a SIPp phone', () => {
  it.each(['udp', 'tcp'] as const)('watches a lamp over %s: idle, ringing, busy, idle (RFC 4235)', async (protocol) => {
    const [watcher, alice, bob] = [await office.desk(), await office.desk(), await office.desk()]
    const watching = watcher.plays('watch-a-call', { words: { number: bob.extension }, protocol })
    await expect.poll(() => office.redis.cli('HVALS', '{hd}:subs:paris-1'), { timeout: 10_000 }).toContain(watcher.device)
    await call(alice, 'call-and-hang-up', bob, 'answer-until-hung-up')
    const notifies = once(await watching.messages).filter(({ direction, kind }) => direction === 'received' && kind === 'NOTIFY')
    expect(notifies.map(({ body }) => /<state>([a-z]+)/.exec(body)?.[1])).toEqual([
      'terminated',
      'early',
      'confirmed',
      'terminated',
      'terminated',
    ])
    expect(notifies.map(({ body }) => /version="([0-9]+)"/.exec(body)?.[1])).toEqual(['0', '1', '2', '3', '4'])
    expect(notifies.at(-1)?.header('Subscription-State')).toBe('terminated;reason=timeout')
  })
})
