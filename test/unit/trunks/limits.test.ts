import { beforeEach, describe, expect, it } from 'vitest'
import { createMetrics } from '../../../src/base/metrics.js'
import type { Trunk } from '../../../src/dialplan/dialplan.js'
import { createTrunkLimits, type TrunkLimits } from '../../../src/trunks/limits.js'
import { shared } from '../../../src/trunks/load-sharing.js'
import { keepLog } from '../../support/node/kept-log.js'
import { createManualClock, type ManualClock } from '../../support/process/manual-clock.js'

const line = { name: 'line', maxCalls: 2 } as Trunk

let clock: ManualClock
let metrics: ReturnType<typeof createMetrics>
let limits: TrunkLimits
let lines: readonly string[]
beforeEach(() => {
  clock = createManualClock(1_000_000)
  metrics = createMetrics()
  const kept = keepLog()
  lines = kept.lines
  limits = createTrunkLimits({ clock, log: kept.log, metrics })
})

function leave(place: ReturnType<TrunkLimits['enter']>): void {
  if (place.outcome === 'full') throw new Error('the trunk was full')
  place.leave()
}

const refusedBy = async (): Promise<(readonly [unknown, number])[]> =>
  (await metrics.trunkRefusedTotal.get()).values.map(({ labels, value }) => [labels.limit, value] as const)

describe('the limits of a trunk', () => {
  it('maxCalls: a call is refused until one of the others has ended, whose end counts once', async () => {
    const first = limits.enter(line, 'ordinary')
    limits.enter(line, 'ordinary')
    expect(limits.enter(line, 'ordinary')).toEqual({ outcome: 'full', retryAfterSeconds: 10 })
    leave(first)
    leave(first)
    expect([limits.enter(line, 'ordinary').outcome, limits.enter(line, 'ordinary').outcome]).toEqual(['entered', 'full'])
    expect(await refusedBy()).toEqual([['maxCalls', 2]])
    expect((await metrics.trunkCalls.get()).values.map(({ value }) => value)).toEqual([2])
  })

  it('callsPerMinute: a call is refused until the oldest of the last minute is a minute old, and the refusal shows when', () => {
    const slow = { name: 'slow', callsPerMinute: 2 } as Trunk
    leave(limits.enter(slow, 'ordinary'))
    clock.advance(20_500)
    leave(limits.enter(slow, 'ordinary'))
    clock.advance(10_000)
    expect(limits.enter(slow, 'ordinary')).toEqual({ outcome: 'full', retryAfterSeconds: 30 })
    clock.advance(29_499)
    expect(limits.enter(slow, 'ordinary').outcome).toBe('full')
    clock.advance(1)
    expect([limits.enter(slow, 'ordinary').outcome, limits.enter(slow, 'ordinary').outcome]).toEqual(['entered', 'full'])
  })

  it('an urgent call is never refused, and counts for the others', () => {
    const both = { name: 'both', maxCalls: 1, callsPerMinute: 1 } as Trunk
    expect([1, 2, 3].map(() => limits.enter(both, 'urgent').outcome)).toEqual(['entered', 'entered', 'entered'])
    expect(limits.enter(both, 'ordinary').outcome).toBe('full')
  })

  it('a trunk without limits takes any number of calls', () => {
    const open = { name: 'open' } as Trunk
    const outcomes = Array.from({ length: 500 }, () => limits.enter(open, 'ordinary').outcome)
    expect(new Set(outcomes)).toEqual(new Set(['entered']))
  })

  it('a limit that a reload changes counts at once, for the calls that there are', () => {
    limits.enter(line, 'ordinary')
    limits.enter(line, 'ordinary')
    expect(limits.enter({ ...line, maxCalls: 3 }, 'ordinary').outcome).toBe('entered')
    expect(limits.enter({ ...line, maxCalls: 1 }, 'ordinary').outcome).toBe('full')
  })

  it('the log warns once until the trunk takes a call again', () => {
    const warnings = (): number => lines.filter((each) => /"level":40.*trunk line is at its limit: maxCalls is 2/.test(each)).length
    const first = limits.enter(line, 'ordinary')
    limits.enter(line, 'ordinary')
    for (let call = 0; call < 3; call++) limits.enter(line, 'ordinary')
    expect(warnings()).toBe(1)
    leave(first)
    limits.enter(line, 'ordinary')
    limits.enter(line, 'ordinary')
    expect(warnings()).toBe(2)
  })
})

describe('trunks with a weight', () => {
  const trunk = (name: string, weight?: number): Trunk => ({ name, ...(weight === undefined ? {} : { weight }) }) as Trunk
  const orderOf = (trunks: readonly Trunk[], down: readonly string[], random: () => number): string =>
    shared(trunks, ({ name }) => !down.includes(name), random)
      .map(({ name }) => name)
      .join('')

  it('share the calls in proportion if they are neighbours', () => {
    const counts = new Map<string, number>()
    // Every ticket once.
    for (let ticket = 0; ticket < 40; ticket++) {
      const order = orderOf([trunk('a', 1), trunk('b', 3), trunk('c')], [], () => (ticket + 0.5) / 40)
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(Object.fromEntries(counts)).toEqual({ abc: 10, bac: 30 })
  })

  it('keep the positions of the list beside one without a weight, or alone', () => {
    const random = (): number => 0.99
    expect(orderOf([trunk('a', 1), trunk('b'), trunk('c', 1)], [], random)).toBe('abc')
    expect(orderOf([trunk('a'), trunk('b', 1), trunk('c', 1), trunk('d', 1)], [], random)).toBe('adcb')
    expect(orderOf([], [], random)).toBe('')
  })

  it('take no part while they are down', () => {
    expect(orderOf([trunk('a', 1), trunk('b', 1), trunk('c', 1)], ['c'], () => 0.99)).toBe('bac')
  })
})
