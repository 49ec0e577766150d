import { describe, expect, test } from 'vitest'
import { explainerWith } from '../../../../src/calls/routing/route-explainer.js'
import { answerWhy, type WhyAnswer } from '../../../../src/calls/routing/why-answer.js'
import { decided, type Scene, scene } from './scene.js'

const twoNodes: Scene = {
  nodes: ['paris-1', 'paris-2'],
  seats: { HD0001: '100', HD0002: '101' },
  registered: { HD0001: 'paris-2', HD0002: 'paris-1' },
}

function why(subject: string, from: string | null, parts: Scene): WhyAnswer {
  const known = scene({ ...twoNodes, ...parts })
  return answerWhy({ subject, from }, { directory: known.directory, explainer: explainerWith(known), at: known })
}

describe('a draining node', () => {
  test('still gets calls for its phones, and a step of its own says that it is draining', () => {
    const { to, steps } = decided('100', 'HD0002', { ...twoNodes, drainingNodes: ['paris-2'] })
    expect(to).toMatchObject({ kind: 'phones', nodes: [{ name: 'paris-2' }] })
    expect(steps.filter(({ rule }) => rule === 'draining')).toEqual([
      { rule: 'draining', words: 'paris-2 is draining, and still taking calls for the phones registered there' },
    ])
  })

  test('is named together with the node of the caller if phones at both ring', () => {
    const phones = { seats: { HD0001: '100', HD0003: '100' }, registered: { HD0001: 'paris-2', HD0003: 'paris-1' } }
    const { steps } = decided('100', null, { ...twoNodes, ...phones, drainingNodes: ['paris-1', 'paris-2'] })
    expect(steps.at(-1)?.words).toBe('paris-1 and paris-2 are draining, and still taking calls for the phones registered there')
  })

  test('has no step if another node rings the phone', () => {
    const { steps } = decided('100', 'HD0002', { ...twoNodes, drainingNodes: ['paris-1'] })
    expect(steps.map(({ rule }) => rule)).not.toContain('draining')
  })

  test('refuses a new call, which `why` remarks before it shows the steps', () => {
    expect(why('100', '101', { drainingNodes: ['paris-1'] }).remarks).toEqual([
      'paris-1 is draining: it refuses this call with 503, unless the phone has a call there; this shows what would happen if it took the call',
    ])
    expect(why('100', 'paris-carrier', { drainingNodes: ['paris-1'] }).remarks).toEqual([
      'paris-1 is draining: it refuses this call with 503; this shows what would happen if it took the call',
    ])
  })

  test('takes emergency calls and calls back from the emergency centre', () => {
    const callBacks = { '+33199000199': 'HD0002' }
    expect(why('112', '101', { drainingNodes: ['paris-1'] }).remarks).toEqual(['paris-1 is draining, and still takes emergency calls'])
    expect(why('+33199000199', 'paris-carrier', { drainingNodes: ['paris-1'], callBacks }).remarks).toEqual([
      'paris-1 is draining, and still takes callbacks from the emergency centre',
    ])
  })
})

test('`why` has no remark about nodes that take calls', () => {
  expect(why('100', '101', { drainingNodes: ['paris-2'] }).remarks).toEqual([])
})
