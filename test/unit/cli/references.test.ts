import { describe, expect, test } from 'vitest'
import type { SiteName } from '../../../src/base/identity.js'
import { countryDoubts, doubtText, nameDoubts, planDoubts } from '../../../src/cli/references/references.js'
import type { Config } from '../../../src/config/config.js'
import { alice, bob, node, nodeOf, userOf } from '../calls/routing/scene.js'
import { loadPlan } from '../dialplan/plan-text.js'

const london = 'london' as SiteName
const planOf = (keys: object) => loadPlan(JSON.stringify({ site: 'paris', extensions: ['1XX'], ...keys }))
const config = { site: 'paris', dialplan: '/nowhere/paris.yaml' } as Config
const network = { users: () => [alice, bob], nodes: () => [nodeOf(node('london-1'), london)], sites: () => [] }
const doubts = (keys: object) => planDoubts(planOf(keys), network, config).map(doubtText)

describe('names in a dial plan', () => {
  test('of a site that nothing else knows are reported', () => {
    const [doubt, ...others] = doubts({
      shortCodes: { '*69.': { breakOut: 'lodnon' }, '*68.': { breakOut: 'london' }, '*67*.': { breakOut: 'any' } },
    })
    expect(doubt).toMatch(
      /^short code \*69\. breaks out to an unknown site lodnon: .*hotdesk site add lodnon; or correct breakOut: lodnon$/,
    )
    expect(others).toEqual([])
  })

  test('of users who do not exist are reported', () => {
    const keys = {
      dids: { '+33199000199': '199', '+3319900010X': '10X', '+3319900017X': '17X' },
      shortCodes: { '*51': { extension: '151' }, '*50': { extension: '100' } },
      emergencyDesk: ['101', '120'],
    }
    expect(doubts(keys).map((text) => text.split(',')[0])).toEqual([
      'dids +33199000199 of paris leads to 199',
      'dids +3319900017X of paris leads to 17X',
      'short code *51 of paris leads to 151',
      'emergencyDesk of paris leads to 120',
    ])
  })

  test('lead to nobody yet in a network without users', () => {
    expect(planDoubts(planOf({ dids: { '+33199000199': '199' } }), { ...network, users: () => [] }, config)).toEqual([])
  })

  test('and a forward that may be an emergency number is reported, and never calls it', () => {
    const plan = planOf({ shortCodes: { '*9X': { forward: '11X' }, '*8X': { forward: '10X' } } })
    expect(planDoubts(plan, network, config).map(({ says }) => says)).toEqual([
      'short code *9X forwards to 11X, which may be the emergency number 112: such a call is refused',
    ])
    expect([plan.route('*92').kind, plan.route('*93').kind, plan.route('112').kind]).toEqual(['unknown', 'user', 'emergency'])
  })
})

describe('a plan whose country is not known', () => {
  const routes = { trunks: { line: { uri: 'sip:192.0.2.20' } }, routes: [{ match: '00.', trunks: ['line'] }] }
  test.each([
    ['is reported if it leads outside', routes, 1],
    ['is not if it leads nowhere', {}, 0],
    ['is not if the country is set', { ...routes, country: 'FR' }, 0],
    ['is not if a number of its own shows the country', { ...routes, elin: '+33199000000' }, 0],
  ])('%s', (_, keys, count) => {
    expect(countryDoubts(planOf(keys))).toHaveLength(count)
  })
})

describe('names in the records of users', () => {
  const plan = planOf({
    timezone: 'Europe/Paris',
    rights: { manager: {} },
    timeProfiles: { office: { hours: { 'mon-fri': '08:00-18:00' } } },
    profiles: { power: [] },
  })

  test('that the plan defines are fine', () => {
    const user = userOf('100', 'Alice', { rights: 'manager', outOfHoursRights: 'default', timeProfile: 'office', profile: 'power' })
    expect(nameDoubts([user, bob], plan)).toEqual([])
  })

  test('that it does not define are reported once, with their users', () => {
    const odd = { rights: 'manger', outOfHoursRights: 'manger', timeProfile: 'ofice', profile: 'pwer' }
    const users = [
      userOf('100', 'Alice', odd),
      userOf('101', 'Bob', { rights: 'manger' }),
      userOf('103', 'Dora', { home: london, rights: 'manger' }),
    ]
    expect(nameDoubts(users, plan).map(({ says }) => says)).toEqual([
      '100, 101: the dial plan of paris has no manger under rights',
      '100: the dial plan of paris has no ofice under timeProfiles',
      '100: the dial plan of paris has no pwer under profiles',
    ])
  })
})
