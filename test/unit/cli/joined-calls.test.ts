import { describe, expect, it } from 'vitest'
import { parseNodeName } from '../../../src/base/identity.js'
import { joinCalls, type NetworkCall, nodesOf, type Part } from '../../../src/cli/running/joined-calls.js'
import { found } from '../calls/routing/scene.js'

type Fields = Partial<Part['call']>

let minute = 0

/** A call that is up, if it has a leg B; the later it is made, the later it began. */
function part(node: string, id: string, fields: Fields): Part {
  minute = (minute + 1) % 60
  return {
    node: found(parseNodeName(node)),
    call: {
      id,
      kind: 'ordinary',
      caller: '100',
      dialled: '101',
      from: 'HD0001',
      to: '',
      phones: [],
      state: fields.legB ? 'up' : 'ringing',
      since: `2026-03-29T07:${String(minute).padStart(2, '0')}:00.000Z`,
      legA: `${id}-a`,
      legB: null,
      answeredBy: null,
      legs: [],
      transferOf: null,
      ...fields,
    },
  }
}

/** 100 at HD0001 of paris-1 talks to 101 at HD0002 of paris-2. */
function answered(): readonly [Part, Part] {
  return [
    part('paris-1', 'p1', { to: 'user 101', phones: ['HD0002'], legB: 'x', answeredBy: 'node paris-2' }),
    part('paris-2', 'p2', { from: 'node paris-1', legA: 'x', to: 'user 101', phones: ['HD0002'], legB: 'b', answeredBy: 'HD0002' }),
  ]
}

/** A node cannot know in which order the others reply. */
function joined(...parts: readonly Part[]): readonly NetworkCall[] {
  const calls = joinCalls(parts)
  const byId = (each: readonly NetworkCall[]): readonly NetworkCall[] =>
    each.toSorted((one, other) => (one.at[0]?.id ?? '').localeCompare(other.at[0]?.id ?? ''))
  for (let turn = 1; turn < parts.length; turn += 1)
    expect(byId(joinCalls([...parts.slice(turn), ...parts.slice(0, turn)]))).toEqual(byId(calls))
  return calls
}

const idsOf = ({ at }: NetworkCall): string => at.map(({ id }) => id).join(' ')

describe('a call of several nodes is one line', () => {
  it('once it is answered', () => {
    const [call, ...others] = joined(...answered())
    expect(others).toEqual([])
    expect(call).toMatchObject({ caller: '100', from: 'HD0001', to: 'user 101', phones: ['HD0002'], state: 'up' })
    expect(call?.at).toEqual([
      {
        node: 'paris-1',
        id: 'p1',
        legs: [
          { callId: 'p1-a', peer: 'HD0001' },
          { callId: 'x', peer: 'node paris-2' },
        ],
      },
      {
        node: 'paris-2',
        id: 'p2',
        legs: [
          { callId: 'x', peer: 'node paris-1' },
          { callId: 'b', peer: 'HD0002' },
        ],
      },
    ])
  })

  it('while it rings, after a phone of the first node has not answered', () => {
    const legs = [
      { callId: 'tried', peer: 'HD0003' },
      { callId: 'x', peer: 'node paris-2' },
    ]
    const [call, ...others] = joined(
      part('paris-1', 'p1', { to: 'user 101', legs }),
      part('paris-2', 'p2', {
        from: 'node paris-1',
        legA: 'x',
        to: 'user 101',
        phones: ['HD0002'],
        legs: [{ callId: 'b', peer: 'HD0002' }],
      }),
    )
    expect(others).toEqual([])
    expect(call).toMatchObject({ from: 'HD0001', to: 'user 101', phones: ['HD0002'], state: 'ringing' })
    expect(nodesOf(call?.at ?? [])).toBe('paris-1 → paris-2')
  })

  it('while phones at several nodes ring', () => {
    const legs = [
      { callId: 'x', peer: 'node paris-2' },
      { callId: 'y', peer: 'node london-1' },
    ]
    const at = (node: string, id: string, legA: string): Part => part(node, id, { from: 'node paris-1', legA, to: 'user 101' })
    const [call, ...others] = joined(part('paris-1', 'p1', { legs }), at('paris-2', 'p2', 'x'), at('london-1', 'l1', 'y'))
    expect(others).toEqual([])
    expect(nodesOf(call?.at ?? [])).toMatch(/^paris-1 → (paris-2, london-1|london-1, paris-2)$/)
    expect(call?.to).toBe('user 101')
  })

  it('of a node of an earlier version as soon as it is answered', () => {
    const [first, second] = answered()
    const old = (each: Part): Part => ({ ...each, call: { ...each.call, answeredBy: null, legs: [] } })
    expect(joined(old(first), old(second)).map(idsOf)).toEqual(['p1 p2'])
    expect(joined(old(first), second).map(idsOf)).toEqual(['p1 p2'])
  })

  it('and the call beside it stays another one, even with the same Call-ID from elsewhere', () => {
    const calls = joined(
      ...answered(),
      part('london-1', 'l1', { legA: 'x', from: 'trunk london-carrier', legB: 'z', answeredBy: 'HD0009' }),
    )
    expect(calls.map(idsOf).toSorted()).toEqual(['l1', 'p1 p2'])
  })

  it('which is an emergency call at one of them, and so everywhere', () => {
    const [first, second] = answered()
    expect(joined(first, { ...second, call: { ...second.call, kind: 'emergency' } })).toMatchObject([{ kind: 'emergency' }])
  })
})

/** 102 is at HD0003 of london-1, and is called by the transfer. */
const rings = (): Part => part('london-1', 'l1', { from: 'node paris-2', legA: 'y', to: 'user 102', phones: ['HD0003'] })
const talks = (from = 'paris-2'): Part =>
  part('london-1', 'l1', { from: `node ${from}`, legA: 'y', to: 'user 102', phones: ['HD0003'], legB: 'c', answeredBy: 'HD0003' })

describe('after a transfer the two who talk', () => {
  it('are the caller and the new callee, if the callee has transferred the call', () => {
    const [first] = answered()
    const to = { from: 'node paris-1', legA: 'x', dialled: '102', to: 'user 102', transferOf: 'p2' }
    const [call, ...others] = joined(first, part('paris-2', 't', { ...to, legB: 'y', answeredBy: 'node london-1' }), talks())
    expect(others).toEqual([])
    expect(call).toMatchObject({ caller: '100', from: 'HD0001', to: 'user 102', phones: ['HD0003'], state: 'up' })
    expect(call && idsOf(call)).toBe('p1 t l1')
  })

  it('are one ringing call before the new callee answers: the call that is transferred is part of it', () => {
    const [first, second] = answered()
    const to = { from: 'node paris-1', legA: 'x', dialled: '102', to: 'user 102', transferOf: 'p2' }
    const legs = [{ callId: 'y', peer: 'node london-1' }]
    const [call, ...others] = joined(first, second, part('paris-2', 't', { ...to, legs }), rings())
    expect(others).toEqual([])
    expect(call).toMatchObject({ caller: '100', from: 'HD0001', to: 'user 102', state: 'ringing' })
    expect(call && [idsOf(call), nodesOf(call.at)]).toEqual(['p1 p2 t l1', 'paris-1 → paris-2 → london-1'])
  })

  it('are the two callees, if the caller has transferred the call: their nodes both have the dialog as leg A', () => {
    const [, second] = answered()
    const to = { caller: '101', from: 'node paris-2', legA: 'x', dialled: '102', to: 'user 102', transferOf: 'p1' }
    const [call, ...others] = joined(second, part('paris-1', 't', { ...to, legB: 'y', answeredBy: 'node london-1' }), talks('paris-1'))
    expect(others).toEqual([])
    expect(call).toMatchObject({ caller: '101', from: 'HD0002', dialled: '102', to: 'user 102', phones: ['HD0003'] })
    expect(call && nodesOf(call.at)).toBe('paris-2 → paris-1 → london-1')
  })

  it('are the two callers, if the callee of both has joined them', () => {
    const [first] = answered()
    const other = { caller: '102', from: 'HD0003', to: 'user 101', legB: 'w', answeredBy: 'node paris-2' }
    const joint = { from: 'node paris-1', legA: 'x', to: '102', legB: 'w', answeredBy: 'node london-1', transferOf: 'p2' }
    const [call, ...others] = joined(first, part('london-1', 'l1', other), part('paris-2', 't', joint))
    expect(others).toEqual([])
    expect(call).toMatchObject({ caller: '100', from: 'HD0001', to: 'user 102', phones: ['HD0003'], state: 'up' })
    expect(call && idsOf(call)).toBe('p1 t l1')
  })

  it('are shown once while a transfer inside one node rings', () => {
    const first = part('paris-1', 'p1', { to: 'user 101', legA: 'a', legB: 'b', answeredBy: 'HD0002' })
    const calls = joined(first, part('paris-1', 't', { legA: 'a', to: 'user 102', transferOf: 'p1' }))
    expect(calls).toMatchObject([{ from: 'HD0001', to: 'user 102', state: 'ringing' }])
    expect(calls.map(idsOf)).toEqual(['p1 t'])
  })
})

describe('after a pick-up the two who talk', () => {
  it('are the caller and the user who has picked up, at one node', () => {
    const taken = part('paris-1', 'p1', { to: 'user 102', phones: ['HD0003'], legB: 'k', answeredBy: 'HD0003' })
    const calls = joined(taken, part('paris-1', 'k1', { caller: '102', from: 'HD0003', legA: 'k', dialled: '*8101', state: 'up' }))
    expect(calls).toMatchObject([{ caller: '100', dialled: '101', to: 'user 102', phones: ['HD0003'] }])
    expect(calls.map(idsOf)).toEqual(['k1 p1'])
  })

  it('are the caller and the user who has picked up at another node', () => {
    const [first, second] = answered()
    const taken = { ...second, call: { ...second.call, legB: 'k', answeredBy: 'node london-1' } }
    const code = { caller: '102', dialled: '*8101' }
    const calls = joined(
      first,
      taken,
      part('paris-2', 'k2', { ...code, from: 'node london-1', legA: 'k', state: 'up' }),
      part('london-1', 'k1', { ...code, from: 'HD0003', to: 'pick-up 101', legB: 'k', answeredBy: 'node paris-2' }),
    )
    expect(calls).toMatchObject([{ caller: '100', from: 'HD0001', dialled: '101', to: 'user 102', phones: ['HD0003'], state: 'up' }])
    expect(calls.map(({ at }) => nodesOf(at))).toEqual(['paris-1 → paris-2 → london-1'])
  })
})
