import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import { createMetrics } from '../../../../src/base/metrics.js'
import type { Call } from '../../../../src/calls/call.js'
import type { Caller } from '../../../../src/calls/inbound/caller.js'
import { createNoticeReport } from '../../../../src/calls/limits/notice-report.js'
import type { RightsNotice } from '../../../../src/calls/routing/contract.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

/** The events of one notice about a call of that caller. */
function eventsOf(caller: unknown, notice: RightsNotice): readonly Readonly<Record<string, unknown>>[] {
  const events: Readonly<Record<string, unknown>>[] = []
  const clock = createManualClock()
  const store = {
    append: (_: unknown, fields: Readonly<Record<string, string>>) => {
      events.push(fields)
      return Promise.resolve()
    },
  }
  const report = createNoticeReport({ store, node: 'paris-1', clock, networkClock: clock, metrics: createMetrics() } as never)
  const plan = { site: 'paris', rights: { localAt: () => '2026-06-01 23:00' } }
  report({ id: '3f2a9c10', caller: caller as Caller, plan, transfer: null, log: silentLogger() } as unknown as Call, notice)
  return events
}

const claimed = { user: '100', use: 'call', number: '+5371', numberClass: 'international' } as never as Extract<
  RightsNotice,
  { readonly kind: 'costly' }
>
const phone = { kind: 'device', device: { id: 'HD0001' }, user: null }
const testCall = { kind: 'own', purpose: 'test call' }

describe('a notice about a call', () => {
  test('of a phone names its user', () => {
    expect(eventsOf(phone, { ...claimed, kind: 'costly' })).toEqual([
      expect.objectContaining({ event: 'call.costly', device: 'HD0001', user: '100', number: '+5371' }),
    ])
  })

  test.each([
    ['call.costly', { ...claimed, kind: 'costly' }],
    ['call.barred', { ...claimed, kind: 'barred', words: 'barred' }],
    ['call.limited', { ...claimed, kind: 'limited', limit: 'callsAtOnce', words: 'full', subject: 'user:100' }],
    ['entitlement.refused', { ...claimed, kind: 'not-entitled', entitlement: 'outside', words: 'guest' }],
  ] as const)('that an operator makes as a test blames nobody: %s', (event, notice) => {
    const [found] = eventsOf(testCall, notice as unknown as RightsNotice)
    expect(found).toMatchObject({ event, via: 'test-call', call: '3f2a9c10', as: '100' })
    expect(found).not.toHaveProperty('user')
  })
})
