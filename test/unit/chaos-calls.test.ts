import { describe, expect, it } from 'vitest'
import { type AnsweredCall, judgeCalls, type PlacedCall, type Trouble } from '../chaos/load/judge-calls.js'

const fine: PlacedCall = {
  kind: 'internal',
  nodes: ['paris-1', 'london-1'],
  words: '100 to 101',
  began: 0,
  ended: 2_300,
  wanted: 'HD0002',
  status: 200,
  reason: 'OK',
  setupMs: 300,
  answeredBy: 'HD0002',
  cutShort: null,
  byeMs: 10,
}
const emergency: PlacedCall = { ...fine, kind: 'emergency', wanted: '112', answeredBy: '112' }
const busy: PlacedCall = { ...fine, status: 486, reason: 'Busy Here', answeredBy: '' }
const heard: AnsweredCall = { party: 'HD0002', node: 'london-1', began: 300, lastedMs: 2_000 }
const calm: Trouble = { touches: () => false, isAlone: () => false, faults: [] }
const londonIsDead: Trouble = { touches: ({ nodes }) => nodes.includes('london-1'), isAlone: ({ node }) => node === 'london-1', faults: [] }

function verdict(placed: readonly PlacedCall[], trouble: Trouble = calm, answered: readonly AnsweredCall[] = [heard]) {
  return judgeCalls({ placed, answered, left: [] }, trouble)
}

describe('the judge of calls under load', () => {
  it('accepts calls that are answered by the right phone and end', () => {
    expect(verdict([fine, emergency])).toMatchObject({ faults: [], counts: { attempted: 2, succeeded: 2, hung: 0, 'emergency calls': 1 } })
  })

  it.each<[string, Partial<PlacedCall>, string]>([
    ['is refused', busy, '100 to 101: 486 Busy Here after 300 ms'],
    ['reaches another phone', { answeredBy: 'HD0003' }, '100 to 101: answered by HD0003, not by HD0002'],
    ['is cut short', { cutShort: 'SIP;cause=480' }, '100 to 101: cut short: SIP;cause=480'],
    ['has no response to its BYE', { byeMs: 32_100 }, '100 to 101: BYE without a response for 32100 ms'],
  ])('finds a call that %s', (_, change, fault) => {
    const { counts, faults } = verdict([{ ...fine, ...change }])
    expect(faults).toEqual([fault])
    expect(counts).toMatchObject({ succeeded: 0, 'failed of the others': 1, hung: 0 })
  })

  it('lets a call fail that needed what was dead, and counts it', () => {
    const { counts, faults } = verdict([fine, busy], londonIsDead)
    expect(faults).toEqual([])
    expect(counts).toMatchObject({ 'touching the dead part': 2, 'of these succeeded': 1, 'failed of the others': 0 })
  })

  it('counts a lost emergency call, unless its own node was dead', () => {
    const lost = { ...emergency, status: 503, nodes: ['paris-1'] }
    expect(verdict([lost]).counts).toMatchObject({ 'emergency calls': 1, 'emergency calls lost': 1 })
    expect(verdict([{ ...lost, nodes: ['london-1'] }], londonIsDead).counts).toMatchObject({
      'emergency calls': 0,
      'emergency calls lost': 0,
    })
  })

  it('lets no call hang, whatever is dead', () => {
    expect(verdict([{ ...busy, setupMs: 46_000 }], londonIsDead).counts.hung).toBe(1)
    expect(verdict([{ ...fine, byeMs: 41_000 }], londonIsDead).counts.hung).toBe(1)
    expect(verdict([fine], calm, [{ ...heard, lastedMs: null }]).faults).toEqual(['a call at HD0002 hangs: it has no end'])
    expect(verdict([fine], calm, [{ ...heard, lastedMs: 46_000 }]).faults).toEqual(['a call at HD0002 hangs: 46000 ms'])
  })

  it('does not expect a phone to hear of the end from a node that has died', () => {
    const { counts, faults } = verdict([fine], londonIsDead, [{ ...heard, lastedMs: null }])
    expect(faults).toEqual([])
    expect(counts['phones alone at a dead node']).toBe(1)
  })

  it('finds what nodes and Redis still know', () => {
    const left = ['paris-1 keeps 2 dialogs']
    expect(judgeCalls({ placed: [fine], answered: [heard], left }, calm)).toMatchObject({ faults: left, counts: { 'left afterwards': 1 } })
  })
})
