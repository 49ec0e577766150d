import { describe, expect, it } from 'vitest'
import { plannedFailover } from '../../chaos/histories/planned-failover.js'
import { split } from '../../chaos/histories/split.js'
import type { History } from '../../chaos/history.js'

async function play({ run }: History) {
  return run({ length: 'short', note: () => undefined })
}

// `npm run chaos` plays these and others at full length.
describe('under 20 logins a second', () => {
  it('a planned failover loses no acknowledged login', async () => {
    const { counts, faults } = await play(plannedFailover)
    expect(faults).toEqual([])
    expect(counts.acknowledged).toBeGreaterThan(2 * 12)
  })

  it('a split that leaves a node with the old primary loses no acknowledged login', async () => {
    const { counts, faults } = await play(split)
    expect(faults).toEqual([])
    expect(counts.acknowledged).toBeGreaterThan(2 * 12)
    expect(counts.uncertain).toBeGreaterThan(0)
  })
})
