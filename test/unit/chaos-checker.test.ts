import { describe, expect, it } from 'vitest'
import { judge, type Operation } from '../chaos/checker.js'

type Outcome = Operation['outcome']

/** Operations at one desk, a second apart: `['100', 'acknowledged']`; no user: a logout. */
function historyOf(...steps: readonly (readonly [user: string | null, outcome: Outcome])[]): readonly Operation[] {
  return steps.map(([wanted, outcome], index) => ({
    desk: 'HD0001',
    wanted,
    outcome,
    trace: wanted === null ? null : { kind: 'login', device: 'HD0001', user: wanted },
    began: index * 1_000,
    ended: index * 1_000 + 10,
  }))
}

/** Who sits at the desk in the end, and whose logins are among the events. */
function aftermath(user: string | null, ...logins: readonly string[]) {
  return {
    seats: new Map(user === null ? [] : [['HD0001', user]]),
    traces: logins.map((login) => ({ kind: 'login', device: 'HD0001', user: login }) as const),
  }
}

const faultsOf = (...args: Parameters<typeof judge>): readonly string[] => judge(...args).faults

describe('the checker of histories', () => {
  it('accepts the last acknowledged login', () => {
    expect(faultsOf(historyOf(['100', 'acknowledged'], ['101', 'acknowledged']), aftermath('101', '100', '101'))).toEqual([])
  })

  it('finds an acknowledged login that is not among the events, though a later one covers it', () => {
    const { counts, faults } = judge(historyOf(['100', 'acknowledged'], ['101', 'acknowledged']), aftermath('101', '101'))
    expect(faults).toEqual(['HD0001: 100 was acknowledged, and is lost'])
    expect(counts).toMatchObject({ acknowledged: 2, lost: 1 })
  })

  it('finds a desk that went back to an earlier login', () => {
    expect(faultsOf(historyOf(['100', 'acknowledged'], ['101', 'acknowledged']), aftermath('100', '100', '101'))).toHaveLength(1)
  })

  it('finds a desk that lost the login before an acknowledged logout came back', () => {
    expect(faultsOf(historyOf(['100', 'acknowledged'], [null, 'acknowledged']), aftermath('100', '100'))).toHaveLength(1)
  })

  it('lets an uncertain login be done or not', () => {
    const history = historyOf(['100', 'acknowledged'], ['101', 'uncertain'])
    expect(faultsOf(history, aftermath('101', '100', '101'))).toEqual([])
    expect(faultsOf(history, aftermath('100', '100'))).toEqual([])
  })

  it('does not let an uncertain login replace a later acknowledged one, and counts an unanswered one that does', () => {
    const ended = (outcome: Outcome) => judge(historyOf(['100', outcome], ['101', 'acknowledged']), aftermath('100', '100', '101'))
    expect(ended('uncertain').faults).toHaveLength(1)
    expect(ended('unanswered')).toMatchObject({ faults: [], counts: { overtaken: 1 } })
  })

  it('finds a refused login that was done', () => {
    expect(faultsOf(historyOf(['100', 'refused']), aftermath(null, '100'))).toEqual(['HD0001: 100 was refused, and is done'])
  })

  it('measures the longest time without an acknowledged operation', () => {
    const { counts } = judge(
      historyOf(['100', 'acknowledged'], ['101', 'refused'], ['102', 'acknowledged']),
      aftermath('102', '100', '102'),
    )
    expect(counts['longest pause (ms)']).toBe(2_000)
  })
})
