import { describe, expect, it } from 'vitest'
import { createReplayGuard } from '../../../src/registrar/authentication/replay-guard.js'
import { createManualClock } from '../../support/process/manual-clock.js'

function guardOf(capacity = 100) {
  const clock = createManualClock(1_000_000)
  return { clock, guard: createReplayGuard({ clock, lifetimeMs: 60_000, capacity }) }
}

const use = (nonce: string, count: number, issued = 1_000_000) => ({ nonce, issued, count })

describe('the replay guard', () => {
  it('accepts each count of a nonce once', () => {
    const { guard } = guardOf()
    expect([1, 2, 2, 3, 1].map((count) => guard.accept(use('n', count)))).toEqual([true, true, false, true, false])
  })

  it('accepts counts that UDP has reordered', () => {
    const { guard } = guardOf()
    expect([5, 3, 4, 3, 36, 6, 5, 4].map((count) => guard.accept(use('n', count)))).toEqual([
      true,
      true,
      true,
      false,
      true,
      true,
      false,
      false,
    ])
  })

  it('refuses counts more than 32 behind rather than accept one twice', () => {
    const { guard } = guardOf()
    expect([1, 33, 1, 2].map((count) => guard.accept(use('n', count)))).toEqual([true, true, false, true])
  })

  it('keeps counts of different nonces apart', () => {
    const { guard } = guardOf()
    expect([guard.accept(use('a', 1)), guard.accept(use('b', 1))]).toEqual([true, true])
  })

  it('holds no more than its capacity, and refuses nonces that may have been used', () => {
    const { guard } = guardOf(3)
    for (let i = 0; i < 10; i++) guard.accept(use(`n${i}`, 1, 1_000_000 + i))
    expect(guard.size).toBe(3)
    expect(guard.accept(use('n0', 1, 1_000_000))).toBe(false)
    expect(guard.accept(use('n9', 1, 1_000_009))).toBe(false)
    expect(guard.accept(use('fresh', 1, 1_000_010))).toBe(true)
  })

  it('forgets expired nonces', () => {
    const { guard, clock } = guardOf()
    guard.accept(use('old', 1))
    clock.advance(60_001)
    guard.accept(use('new', 1, clock.now()))
    expect(guard.size).toBe(1)
  })
})
