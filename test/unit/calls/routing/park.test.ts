import { describe, expect, it } from 'vitest'
import { decide } from '../../../../src/calls/routing/decide.js'
import { shownDigits } from '../../../../src/calls/routing/shown-digits.js'
import { loadPlan } from '../../dialplan/plan-text.js'
import { alice, dev, dialled, found, scene, userOf } from './scene.js'

const plan = loadPlan(`
site: paris
extensions: [10X]
shortCodes:
  "*70.": { feature: park }
  "*26": { feature: do-not-disturb }
profiles: { lobby: [], mover: [transfer], taker: [pick-up] }
`)

function at(profile: string | null) {
  const user = userOf('100', 'Alice', { profile })
  const knowledge = { ...scene({ seats: { HD0001: '100' }, registered: { HD0001: 'paris-1' }, users: [user] }), dialplan: plan }
  const by = { device: found(knowledge.directory.device(dev('HD0001'))), user }
  return { knowledge, by }
}

function transferred(digits: string, profile: string | null = null) {
  const { knowledge, by } = at(profile)
  return decide({ kind: 'transferred', digits, by }, knowledge).to
}

function taken(profile: string | null = null) {
  const { knowledge } = at(profile)
  return decide(dialled('*701', 'HD0001', knowledge), knowledge).to
}

const park = { kind: 'feature', feature: 'park', argument: '1' }
const notEntitled = { kind: 'refused', reason: 'not-entitled' }

describe('the code of an orbit', () => {
  it('is the one feature to which a transfer leads', () => {
    expect(transferred('*701')).toMatchObject(park)
    expect(transferred('*26')).toEqual({ kind: 'refused', reason: 'unknown-number' })
  })

  it('needs the right to transfer in a transfer, and that to pick up when it is dialled', () => {
    expect([transferred('*701', 'mover'), taken('taker')]).toMatchObject([park, park])
    expect([transferred('*701', 'taker'), taken('mover')]).toMatchObject([notEntitled, notEntitled])
  })

  it('is not reached by a forward', () => {
    const question = { kind: 'forwarded', user: alice, number: '*701', history: { hops: 0, trail: ['100'], diversions: [] } } as const
    expect(decide(question, at(null).knowledge).to).toEqual({ kind: 'refused', reason: 'not-from-here' })
  })

  it('of this site is taken by a user at another node, which names the orbit', () => {
    expect(decide({ kind: 'picked-up', digits: 'park.12', user: alice }, at(null).knowledge).to).toEqual({ ...park, argument: '12' })
  })

  it('is shown in records, unless its digits may be a PIN', () => {
    expect(['*701', '*70123', '*704711'].map((digits) => shownDigits(digits, at(null).knowledge))).toEqual(['*701', '*70123', null])
  })
})
