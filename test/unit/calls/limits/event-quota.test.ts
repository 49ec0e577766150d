import { describe, expect, test } from 'vitest'
import { createEventQuota } from '../../../../src/calls/limits/event-quota.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

describe('a quota of events', () => {
  test('lets a number of them through in each period, and counts the others', () => {
    const clock = createManualClock()
    const quota = createEventQuota({ events: 2, periodMs: 60_000, clock })
    expect(['100', '100', '100', '100', '101'].map(quota.take)).toEqual([0, 0, null, null, 0])
    clock.advance(59_999)
    expect(quota.take('100')).toBe(null)
    clock.advance(1)
    expect(['100', '100', '100'].map(quota.take)).toEqual([3, 0, null])
  })
})
