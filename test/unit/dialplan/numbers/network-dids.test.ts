import { describe, expect, it } from 'vitest'
import type { SiteName } from '../../../../src/base/identity.js'
import { decide } from '../../../../src/calls/routing/decide.js'
import { type Dialplan, didConflicts } from '../../../../src/dialplan/dialplan.js'
import { noProfiles, type Site } from '../../../../src/directory/directory.js'
import { alice, bob, scene, userOf } from '../../calls/routing/scene.js'
import { loadPlan } from '../plan-text.js'

const london = 'london' as SiteName
const planOf = (keys: object): Dialplan => loadPlan(JSON.stringify({ site: 'paris', extensions: ['10X'], ...keys }))
const dora = userOf('103', 'Dora', { home: london })

function delivered(number: string, dids: Readonly<Record<string, readonly string[]>>, plan?: Dialplan) {
  const { to, questions } = decide({ kind: 'delivered', number }, scene({ users: [alice, bob, dora], dids, ...(plan ? { plan } : {}) }))
  const user = questions.find((question) => question.kind === 'user')
  return user?.kind === 'user' ? user.user.extension : to.kind === 'refused' ? to.reason : to.kind
}

function siteOf(id: string, dids: readonly string[]): Site {
  const times = { homeLostLogout: 'never', homeLostLogoutMs: null, homeReturn: 'keep', lost: null, back: null } as const
  const unpublished = { timezone: null, language: null, codes: { named: new Map<string, string>(), closed: [] } }
  return { id: id as SiteName, name: id, ...times, ...unpublished, emergency: [], reserved: null, dids, profiles: noProfiles }
}

describe('direct numbers that a site publishes', () => {
  const published = (dids: Readonly<Record<string, string>>, more = {}) => planOf({ dids, ...more }).publishedDids

  it.each([
    ['+44207946010X', '10X', '+44207946010X=10X'],
    ['0207946010X', '10X', '+44207946010X=10X'],
    ['44207946010X', '10X', '+44207946010X=10X'],
    ['02079460XXX', 'XXX', '+442079460XXX=XXX'],
  ])('have a country code if it is known: %s → %s', (number, extension, expected) => {
    expect(published({ [number]: extension }, { country: 'GB' })).toEqual([expected])
  })

  it('are published as they are written if it is not known', () => {
    expect(published({ '01990001': '101' })).toEqual(['01990001=101'])
  })

  it('are not numbers that mean something only at one trunk', () => {
    expect(published({ '10X': '10X', '555100': '100' })).toEqual([])
  })
})

describe('a call to a direct number of another site', () => {
  const dids = { london: ['+44207946010X=10X', '01990001=101'] }

  it.each(['+442079460103', '442079460103', '00442079460103'])('finds its user in whatever form the trunk writes it: %s', (number) => {
    expect(delivered(number, dids)).toBe('103')
  })

  it('finds a number without a country code only as it is written', () => {
    expect(delivered('01990001', dids)).toBe('101')
    expect(delivered('1990001', dids)).toBe('unknown-number')
  })

  it('is refused if the number has no user', () => {
    expect(delivered('+442079460109', dids)).toBe('unknown-number')
    expect(delivered('+442079460203', dids)).toBe('unknown-number')
  })

  it('follows the plan of the own site first', () => {
    expect(delivered('+33199000101', { london: ['+33199000101=103'] })).toBe('101')
  })

  it('follows the home site of the user if several other sites list it, then the first by name', () => {
    expect(delivered('+442079460103', { berlin: ['+442079460103=101'], london: ['+442079460103=103'] })).toBe('103')
    expect(delivered('+442079460103', { rome: ['+442079460103=101'], berlin: ['+442079460103=100'] })).toBe('100')
  })

  it('never gives an emergency number of this site another meaning', () => {
    const plan = planOf({ emergency: { '1234567': '112' }, extensions: ['10X'] })
    expect(delivered('1234567', { london: ['1234567=101'] }, plan)).toBe('unknown-number')
    expect(delivered('1234568', { london: ['1234568=101'] }, plan)).toBe('101')
  })

  it('ignores what it cannot read', () => {
    expect(delivered('+442079460103', { london: ['+442079460103', '=', 'x=y', '+4420794601XX=10X'] })).toBe('unknown-number')
  })

  it('is explained with the site that lists the number', () => {
    const { steps } = decide({ kind: 'delivered', number: '+442079460103' }, scene({ users: [dora], dids }))
    expect(steps.map(({ words }) => words)).toContain('+442079460103 is the number of 103 by the plan of london')
  })
})

describe('numbers that two sites list', () => {
  const plan = planOf({ dids: { '+44207946010X': '10X' }, extensions: ['10X', '20X'] })
  const conflicts = (...dids: string[]) => didConflicts(plan, [siteOf('rome', dids), siteOf(plan.site, ['+442079460101=200'])])

  it('are reported if they have different extensions', () => {
    expect(conflicts('+442079460101=201')).toEqual([
      '+44207946010X is 10X here, and +442079460101 is 201 at rome: a call reaches the one that the site of its trunk lists',
    ])
    expect(conflicts('+44207946010X=20X')).toHaveLength(1)
    expect(conflicts('+4420794601X9=10X')).toHaveLength(1)
  })

  it('are not reported if they have the same', () => {
    expect(conflicts('+442079460101=101', '+44207946010X=10X', '+442079460200=200')).toEqual([])
  })
})
