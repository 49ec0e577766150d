import { describe, expect, it } from 'vitest'
import { createUnprovenLimit } from '../../../../src/calls/emergency/unproven-limit.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

function open() {
  const clock = createManualClock(1_000_000)
  return { clock, share: createUnprovenLimit(() => ({ perSource: 2, total: 3, holdMs: 30_000 }), clock) }
}

describe('the limit of callers without proof', () => {
  it('follows a reload, and counts the calls that are there', () => {
    const limits = { perSource: 2, total: 3, holdMs: 30_000 }
    const share = createUnprovenLimit(() => limits, createManualClock(1_000_000))
    const outcome = () => share.admit('192.0.2.1').outcome
    expect([outcome(), outcome(), outcome()]).toEqual(['admitted', 'admitted', 'full'])
    limits.perSource = 3
    expect([outcome(), outcome()]).toEqual(['admitted', 'full'])
    limits.perSource = 1
    expect(outcome()).toBe('full')
  })

  it('applies to each address, and to their total', () => {
    const { share } = open()
    const outcomes = ['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => share.admit(address).outcome)
    expect(outcomes).toEqual(['admitted', 'admitted', 'full', 'admitted', 'full'])
  })

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', 'full'],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', 'admitted'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2', 'admitted'],
    ['fe80::1%eth0', 'fe80::2%eth0', 'full'],
  ])('counts %s twice and then %s: %s, since a host has a whole /64 of IPv6', (first, other, outcome) => {
    const { share } = open()
    share.admit(first)
    share.admit(first)
    expect(share.admit(other).outcome).toBe(outcome)
  })

  it('counts a call while it lasts, and a short one until its minimum time is over', () => {
    const { share, clock } = open()
    const [long, short] = [share.admit('192.0.2.1'), share.admit('192.0.2.1')]
    if (long.outcome === 'full' || short.outcome === 'full') throw new Error('there was room')
    short.end()
    clock.advance(29_000)
    expect(share.admit('192.0.2.1')).toMatchObject({ outcome: 'full', retrySeconds: 1 })
    clock.advance(1_000)
    expect(share.admit('192.0.2.1').outcome).toBe('admitted')
    expect(share.admit('192.0.2.1').outcome).toBe('full')
    long.end()
    expect(share.admit('192.0.2.1').outcome).toBe('admitted')
  })

  it('reports a flood once at its beginning, and then once per interval', () => {
    const { share, clock } = open()
    const reports = Array.from({ length: 100 }, () => share.admit('192.0.2.1')).flatMap((each) =>
      each.outcome === 'full' && each.report ? [each.report] : [],
    )
    expect(reports).toEqual([{ limit: 'source', refused: 1 }])
    clock.advance(30_000)
    const later = share.admit('192.0.2.1')
    expect(later).toMatchObject({ outcome: 'full', report: { limit: 'source', refused: 98 } })
  })
})
