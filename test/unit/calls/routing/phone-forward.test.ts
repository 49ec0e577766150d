import { describe, expect, it } from 'vitest'
import { decide } from '../../../../src/calls/routing/decide.js'
import { alice, bob, scene, userOf } from './scene.js'

describe('a forward set at the phone', () => {
  const as = { reason: 'deflection', isPrivate: false } as const
  const redirected = (number: string, user = alice, trail: readonly string[] = [], users = [user, bob]) => {
    const diversions = trail.map((by) => ({ number: by, name: '', times: 1, ...as }))
    const knowledge = scene({ users, seats: { HD0002: '101' }, registered: { HD0002: 'paris-1' } })
    return decide({ kind: 'redirected', user, number, as, history: { hops: 0, trail, diversions } }, knowledge)
  }

  it('goes to the same destination as a forward set here', () => {
    expect(redirected('101').to).toMatchObject({ kind: 'phones', user: bob })
    expect(redirected('00155512345').to).toMatchObject({ kind: 'outside' })
  })

  it.each(['*77*101*', '*77*5*', '112', '0112', '4711', '109'])('does not go to %s', (number) => {
    const { to, steps } = redirected(number)
    expect(to).toEqual({ kind: 'refused', reason: 'unknown-number' })
    if (number === '4711') expect(JSON.stringify(steps)).not.toContain(number)
  })

  it('is a loop if it leads back', () => {
    expect(redirected('100').to).toEqual({ kind: 'refused', reason: 'loop' })
    expect(redirected('101', alice, ['101']).to).toEqual({ kind: 'refused', reason: 'loop' })
    expect(redirected('101', alice, ['1', '2', '3', '4', '5', '6']).to).toEqual({ kind: 'refused', reason: 'loop' })
  })

  it('is not followed for a user without permission', () => {
    expect(redirected('101', userOf('100', 'Alice', { mayForward: false })).to).toEqual({ kind: 'refused', reason: 'redirected' })
  })
})
