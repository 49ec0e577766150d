import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import type { decide } from '../../../../src/calls/routing/decide.js'
import { loadDialplan } from '../../../../src/dialplan/dialplan.js'
import { samplePlanText } from '../../../support/node/sample-plan.js'
import { bob, decided, rulesOf, type Scene, userOf } from './scene.js'

const number = '00155512345'

function planWith(text: string) {
  const sample = samplePlanText('paris')
    .replace(/^ +enabled: no\n/m, '')
    .replace(/^rights:\n(?: .*\n)+/m, '')
  return loadDialplan({ text: `${sample}\n${text}`, file: 'paris.yaml', log: silentLogger() })
}

const at = { seats: { HD0001: '100', HD0002: '101' }, registered: { HD0001: 'paris-1', HD0002: 'paris-1' } }
const plan = planWith(`
rights:
  default: { limits: { callsAtOnce: 2, minutesPerDay: 60 } }
  free: {}
limits: { callsPerMinute: 5 }`)
const limitsStep = ({ steps }: ReturnType<typeof decide>): string | undefined => steps.find(({ rule }) => rule === 'limits')?.words
const from = (device: string, scene: Scene) => decided(number, device, { ...at, plan, ...scene })

describe('limits', () => {
  test('let a call through while there is room, and say how much is used', () => {
    const decision = from('HD0001', { usage: { 'user:100': { callsAtOnce: 1, minutesPerDay: 59.9 } } })
    expect(decision.to.kind).toBe('outside')
    expect(rulesOf(decision)).toMatch(/ number rights limits$/)
    expect(limitsStep(decision)).toBe(
      'user 100: 1 of 2 calls at once; user 100: 59 of 60 minutes today; site paris: 0 of 5 calls this minute',
    )
    expect(decision.counted).toEqual(['user:100', 'site:paris'])
  })

  test.each([
    ['user:100', { callsAtOnce: 2 }, 'callsAtOnce', 'user 100: 2 of 2 calls at once'],
    ['user:100', { minutesPerDay: 60 }, 'minutesPerDay', 'user 100: 60 of 60 minutes today'],
    ['site:paris', { callsPerMinute: 5 }, 'callsPerMinute', 'site paris: 5 of 5 calls this minute'],
  ] as const)('of %s refuse a call with %o in use', (subject, used, limit, words) => {
    const decision = from('HD0001', { usage: { [subject]: used } })
    expect(decision.to).toEqual({ kind: 'refused', reason: 'over-limit' })
    expect(limitsStep(decision)).toBe(words)
    expect(decision.notices).toMatchObject([{ kind: 'limited', user: '100', subject, limit, number: '+33155512345' }])
    expect(decision.counted).toEqual([])
  })

  test('never concern an emergency call or an extension', () => {
    const usage = { 'user:100': { callsAtOnce: 9 }, 'site:paris': { callsPerMinute: 9 } }
    for (const [digits, kind] of [
      ['112', 'emergency'],
      ['101', 'phones'],
    ] as const) {
      const decision = decided(digits, 'HD0001', { ...at, plan, usage })
      expect([decision.to.kind, limitsStep(decision), decision.counted]).toEqual([kind, undefined, []])
    }
  })

  test('count for the user who forwards', () => {
    const users = [userOf('100', 'Alice', { forwards: { always: number } }), bob]
    const full = decided('100', 'HD0002', { ...at, plan, users, usage: { 'user:100': { callsAtOnce: 2 } } })
    expect(full.to).toEqual({ kind: 'refused', reason: 'over-limit' })
    expect(decided('100', 'HD0002', { ...at, plan, users, usage: { 'user:101': { callsAtOnce: 2 } } }).counted).toEqual([
      'user:100',
      'site:paris',
    ])
  })

  test('that are not set count nothing', () => {
    const free = { plan: planWith('rights: { default: {} }') }
    expect([limitsStep(from('HD0001', free)), from('HD0001', free).counted]).toEqual([undefined, []])
  })
})
