import fc from 'fast-check'
import { DateTime } from 'luxon'
import { describe, expect, it } from 'vitest'
import { createDaily, nextDaily } from '../../../src/hotdesk/reconcile/daily-time.js'
import { type AutomaticLogout, dueBy } from '../../../src/hotdesk/reconcile/logout-due.js'

const hour = 3_600_000
const off: AutomaticLogout = { site: 'paris' as never, maxTimeMs: null, idleTimeMs: null, daily: null }
const at = (text: string): number => Date.parse(text)
const iso = (ms: number): string => new Date(ms).toISOString().replace('.000', '')
const paris = (clock: string) => ({
  hour: Number(clock.slice(0, 2)),
  minute: Number(clock.slice(3)),
  timezone: 'Europe/Paris',
})

describe('a login ends', () => {
  const since = at('2026-07-31T08:00:00Z')

  it('never, if no rule applies', () => expect(dueBy(off)({ since, lastCall: null })).toEqual([]))

  it('after the longest time, with or without calls', () => {
    const due = dueBy({ ...off, maxTimeMs: 12 * hour })
    expect(due({ since, lastCall: since + 11 * hour })).toEqual([{ at: since + 12 * hour, reason: 'max-time' }])
  })

  it('after the idle time, counted from the login if there was no call', () => {
    const due = dueBy({ ...off, idleTimeMs: 2 * hour })
    expect(due({ since, lastCall: null })).toEqual([{ at: since + 2 * hour, reason: 'idle-time' }])
    expect(due({ since, lastCall: since + hour })).toEqual([{ at: since + 3 * hour, reason: 'idle-time' }])
  })

  it('not because of the last call of the previous user', () => {
    expect(dueBy({ ...off, idleTimeMs: 2 * hour })({ since, lastCall: since - 9 * hour })[0]?.at).toBe(since + 2 * hour)
  })

  it('at the first of several rules, then at the next', () => {
    const due = dueBy({ ...off, maxTimeMs: 12 * hour, idleTimeMs: 9 * hour, daily: paris('20:00') })
    const ends = (stay: Parameters<typeof due>[0]) => due(stay).map((end) => `${iso(end.at)} ${end.reason}`)
    expect(ends({ since, lastCall: null })).toEqual([
      '2026-07-31T17:00:00Z idle-time',
      '2026-07-31T18:00:00Z daily',
      '2026-07-31T20:00:00Z max-time',
    ])
    expect(ends({ since, lastCall: since + 8 * hour })[0]).toBe('2026-07-31T18:00:00Z daily')
  })
})

describe('a time of day', () => {
  it.each([
    ['the same evening', '20:00', '2026-01-15T08:00:00Z', '2026-01-15T19:00:00Z'],
    ['in summer an hour earlier by UTC', '20:00', '2026-07-15T08:00:00Z', '2026-07-15T18:00:00Z'],
    ['the next day for a login after it', '20:00', '2026-01-15T19:00:00Z', '2026-01-16T19:00:00Z'],
    ['of the calendar of the site, which may be a day ahead of UTC', '00:30', '2026-01-15T22:50:00Z', '2026-01-15T23:30:00Z'],
    ['on the evening before the clocks are put forward, and on the one after', '20:00', '2026-03-28T19:00:00Z', '2026-03-29T18:00:00Z'],
    ['on the evening before the clocks are put back, and on the one after', '20:00', '2026-10-24T18:00:00Z', '2026-10-25T19:00:00Z'],
    ['that is left out, as long after midnight as ever', '02:30', '2026-03-28T12:00:00Z', '2026-03-29T01:30:00Z'],
    ['that comes twice, the first time', '02:30', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00Z'],
    ['that comes twice, for a login between the two: on the next day', '02:30', '2026-10-25T00:45:00Z', '2026-10-26T01:30:00Z'],
  ])('%s', (_, clock, login, expected) => {
    expect(iso(nextDaily(paris(clock), at(login)))).toBe(expected)
  })

  it('comes once on each day of the calendar, in any time zone', () => {
    const zones = ['Europe/Paris', 'Europe/London', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Kiritimati', 'Asia/Kathmandu']
    const rule = fc.record({
      hour: fc.integer({ min: 0, max: 23 }),
      minute: fc.integer({ min: 0, max: 59 }),
      timezone: fc.constantFrom(...zones),
    })
    const moment = fc.integer({ min: at('2025-01-01T00:00:00Z') / 1_000, max: at('2027-12-31T00:00:00Z') / 1_000 })
    fc.assert(
      fc.property(rule, moment, (time, seconds) => {
        const [first, second] = [nextDaily(time, seconds * 1_000), nextDaily(time, nextDaily(time, seconds * 1_000))]
        const [one, other] = [first, second].map((ms) => DateTime.fromMillis(ms, { zone: time.timezone })) as [DateTime, DateTime]
        expect(first).toBeGreaterThan(seconds * 1_000)
        expect(first - seconds * 1_000).toBeLessThanOrEqual(25.5 * hour)
        expect(other.toISODate()).toBe(one.plus({ days: 1 }).toISODate())
        const isShown = one.hour === time.hour && one.minute === time.minute
        const isLeftOut = !isShown && one.offset !== one.minus({ hours: 3 }).offset
        expect(isShown || isLeftOut).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('is the same each time that it is computed', () => {
    const time = paris('20:00')
    const daily = createDaily(time)
    const moments = fc.array(fc.integer({ min: at('2026-03-26T00:00:00Z') / 60_000, max: at('2026-04-02T00:00:00Z') / 60_000 }))
    fc.assert(fc.property(moments, (minutes) => minutes.every((minute) => daily(minute * 60_000) === nextDaily(time, minute * 60_000))))
  })

  it('in an unknown time zone is a fault, not an endless search', () => {
    expect(() => nextDaily({ hour: 8, minute: 0, timezone: 'Europe/Atlantis' }, 0)).toThrow('Europe/Atlantis is not a time zone')
  })
})
