import { describe, expect, test } from 'vitest'
import { parseSiteName } from '../../../../src/base/identity.js'
import { silentLogger } from '../../../../src/base/logger.js'
import { transferRuling } from '../../../../src/calls/entitlement/rules.js'
import { decide } from '../../../../src/calls/routing/decide.js'
import { loadDialplan } from '../../../../src/dialplan/dialplan.js'
import { writeProfiles } from '../../../../src/directory/directory.js'
import { parseSite } from '../../../../src/directory/records.js'
import { samplePlanText } from '../../../support/node/sample-plan.js'
import { bob, decided, deviceOf, dialled, found, rulesOf, type Scene, scene, userOf } from '../routing/scene.js'

function planWith(keys: string) {
  const text = `${samplePlanText('paris')
    .replace(/^ +enabled: no\n/m, '')
    .replace(/^(rights|shortCodes):\n(?: .*\n)+/gm, '')}
shortCodes:
  "*8X.": { feature: pick-up }
  "*21.": { feature: forward-always }
  "#21": { feature: forward-always-off }
  "*26": { feature: do-not-disturb }
  "*68*.": { breakOut: any }
${keys}`
  return loadDialplan({ text, file: 'paris.yaml', log: silentLogger() })
}

const profiles = 'profiles: { office: [outside, pick-up], lobby: [], default: [transfer] }'
const following = planWith(profiles)
const strict = planWith(`${profiles}\nentitlement: host-must-have`)
const london = found(parseSiteName('london'))

const at = { seats: { HD0001: '100', HD0002: '101' }, registered: { HD0001: 'paris-1', HD0002: 'paris-1' } }
const own = (profile: string | null, changes: Scene = {}): Scene => ({
  ...at,
  plan: following,
  users: [userOf('100', 'Alice', { profile }), bob],
  ...changes,
})
/** Alice of London, in Paris. */
const visiting = (profile: string, changes: Scene = {}): Scene => ({
  ...own(null, changes),
  users: [userOf('100', 'Alice', { profile, home: london }), bob],
})
const step = ({ steps }: ReturnType<typeof decide>, rule = 'profile'): string => steps.find((each) => each.rule === rule)?.words ?? ''
const refused = { kind: 'refused', reason: 'not-entitled' }

describe('the profile of a user', () => {
  test('is not asked if the record names none', () => {
    const decision = decided('00155512345', 'HD0001', own(null))
    expect([decision.to.kind, rulesOf(decision)]).toEqual(['outside', 'emergency code caller leaving number rights'])
  })

  test.each([
    ['00155512345', 'office', 'outside', 'profile office of paris includes calls outside'],
    ['00155512345', 'lobby', 'refused', 'profile lobby of paris does not include calls outside'],
    ['*8101', 'office', 'feature', 'profile office of paris includes picking up calls'],
    ['*26', 'office', 'refused', 'profile office of paris does not include do-not-disturb'],
    ['*21101', 'office', 'refused', 'profile office of paris does not include forwarding from the phone'],
    ['#21', 'lobby', 'feature', ''],
    ['101', 'lobby', 'phones', ''],
  ])('for %s and the profile %s gives %s', (digits, profile, kind, words) => {
    const decision = decided(digits, 'HD0001', own(profile))
    expect([decision.to.kind, step(decision)]).toEqual([kind, words])
    if (kind === 'refused') {
      expect(decision.to).toEqual(refused)
      expect(decision.notices).toMatchObject([{ kind: 'not-entitled', user: '100' }])
    }
  })

  test('never concerns an emergency call, nor a break-out code before its number', () => {
    for (const digits of ['112', '0112', '*68*london*112']) {
      const decision = decided(digits, 'HD0001', visiting('nothing', { plan: strict }))
      expect([decision.to.kind, rulesOf(decision)]).toEqual(['emergency', 'emergency'])
    }
  })

  test('must include break-out', () => {
    expect(decided('*68*paris*00155512345', 'HD0001', own('office')).to.kind).toBe('outside')
    const others = [{ ...found(scene(at).directory.node(found(scene(at).node))), site: london }]
    const decision = decided('*68*london*020123', 'HD0001', own('office', { others }))
    expect([decision.to, step(decision)]).toEqual([refused, 'profile office of paris does not include break-out'])
  })

  test('that no site defines is reported, and `default` counts', () => {
    const decision = decided('00155512345', 'HD0001', own('offcie'))
    expect([decision.to, step(decision)]).toEqual([
      refused,
      'the profile default of paris, because paris does not define the profile offcie, does not include calls outside',
    ])
    expect(decision.notices).toMatchObject([{ kind: 'unknown-profile', user: '100', name: 'offcie' }, { kind: 'not-entitled' }])
  })

  test('limits nothing if the plan has no default either', () => {
    const decision = decided('00155512345', 'HD0001', own('office', { plan: planWith('') }))
    expect([decision.to.kind, decision.notices.map(({ kind }) => kind)]).toEqual(['outside', ['unknown-profile']])
  })
})

describe('a visitor', () => {
  const reported = { profiles: { london: 'follow-user office=break-out guest=outside' } }

  test('keeps the profile of the home site, whatever this site calls by that name', () => {
    const decision = decided('00155512345', 'HD0001', visiting('office', reported))
    expect([decision.to, step(decision)]).toEqual([refused, 'profile office of london does not include calls outside'])
    expect(decided('00155512345', 'HD0001', visiting('guest', reported)).to.kind).toBe('outside')
  })

  test('has the profile of this site if the home site reports none', () => {
    expect(step(decided('00155512345', 'HD0001', visiting('office')))).toBe('profile office of paris includes calls outside')
  })

  test('needs a profile that this site has, if it must have it; its definition here counts', () => {
    const there = { ...reported, plan: strict }
    expect(decided('00155512345', 'HD0001', visiting('office', there)).to.kind).toBe('outside')
    const decision = decided('00155512345', 'HD0001', visiting('guest', there))
    expect(decision.to).toEqual(refused)
    expect(step(decision)).toBe(
      'the profile guest, which visitors of paris must have and paris does not define, does not include calls outside',
    )
  })

  test('who only forwards calls from elsewhere is judged by the profile of the home site', () => {
    const users = [userOf('102', 'Carol', { profile: 'guest', home: london, forwards: { always: '00155512345' } }), bob]
    expect(decided('102', 'HD0002', { ...own(null), ...reported, plan: strict, users }).to.kind).toBe('outside')
  })
})

describe('transfers and redirections', () => {
  const by = (parts: Scene) => ({ device: deviceOf('HD0001'), user: parts.users?.[0] ?? null })

  test('need the feature in the profile', () => {
    const [with_, without] = [own('default'), own('office')]
    expect(decide({ kind: 'transferred', digits: '101', by: by(with_) }, scene(with_)).to.kind).toBe('phones')
    expect(decide({ kind: 'transferred', digits: '101', by: by(without) }, scene(without)).to).toEqual(refused)
    expect([transferRuling(by(with_), scene(with_)), transferRuling(by(without), scene(without))?.to]).toEqual([null, refused])
  })

  test('by a phone (302) need it as well', () => {
    const parts = own('office')
    const user = found(parts.users?.[0] ?? null)
    const history = { hops: 0, trail: ['100'], diversions: [] }
    const as = { reason: 'unconditional', isPrivate: false } as const
    expect(decide({ kind: 'redirected', user, number: '101', as, history }, scene(parts)).to).toEqual(refused)
  })
})

describe('the features of rights', () => {
  const plan = planWith('rights: { default: { features: [pick-up] }, all: {}, none: { features: [] } }')
  const allowed = (digits: string, rights: string | null): string => {
    const parts = { ...own(null, { plan }), users: [userOf('100', 'Alice', { rights }), bob] }
    const decision = decide(dialled(digits, 'HD0001', scene(parts)), scene(parts))
    return `${decision.to.kind}: ${step(decision, 'features')}`
  }

  test.each([
    ['*8101', null, 'feature: default rights of paris: the feature pick-up is allowed'],
    ['*26', null, 'refused: default rights of paris: the feature do-not-disturb is not allowed'],
    ['*21101', null, 'refused: default rights of paris: the feature forward is not allowed'],
    ['#21', 'none', 'feature: '],
    ['*8101', 'none', 'refused: rights none of paris: the feature pick-up is not allowed'],
    ['*26', 'all', 'feature: '],
    ['101', 'none', 'phones: '],
  ])('for %s and the rights %s', (digits, rights, result) => {
    expect(allowed(digits, rights)).toBe(result)
  })

  test('may leave out transfers', () => {
    const parts = own(null, { plan })
    const by = { device: deviceOf('HD0001'), user: parts.users?.[0] ?? null }
    expect(decide({ kind: 'transferred', digits: '101', by }, scene(parts)).to).toEqual(refused)
    expect(transferRuling(by, scene(parts))?.notices).toMatchObject([{ kind: 'not-entitled', entitlement: 'transfer' }])
  })
})

test('the profiles of a site are read back from its record as they were written', () => {
  for (const plan of [following, strict, planWith('')]) {
    const text = writeProfiles(plan.profiles)
    expect(parseSite(london, new Map([['profiles', text]])).value?.profiles).toEqual(plan.profiles)
  }
})

describe('a call that rings, named by Replaces (RFC 3891)', () => {
  const withRights = planWith('rights: { default: {}, quiet: { features: [transfer] }, helper: { features: [pick-up] } }')
  const picking = (changes: Scene, user: ReturnType<typeof userOf> | null) =>
    decide({ kind: 'replaced', extension: bob.extension, by: { device: deviceOf('HD0001'), user } }, scene({ ...at, ...changes }))

  test.each([
    ['quiet', { kind: 'refused', reason: 'not-entitled' }, 'rights quiet of paris: the feature pick-up is not allowed'],
    ['helper', { kind: 'feature', feature: 'pick-up', argument: '101' }, 'rights helper of paris: the feature pick-up is allowed'],
  ])('is picked up if the rights allow pick-up: %s', (rights, to, words) => {
    const alice = userOf('100', 'Alice', { rights })
    const decision = picking({ plan: withRights, users: [alice, bob] }, alice)
    expect(decision.to).toEqual(to)
    expect(step(decision, 'features')).toBe(words)
  })

  test.each([
    ['lobby', 'refused'],
    ['office', 'feature'],
  ])('is picked up if the profile includes pick-up: %s', (profile, kind) => {
    const alice = userOf('100', 'Alice', { profile })
    expect(picking({ plan: following, users: [alice, bob] }, alice).to.kind).toBe(kind)
  })

  test('is judged by the policy of the site where the picker is', () => {
    const alice = userOf('100', 'Alice', { profile: 'office', home: london })
    expect(picking({ plan: strict, users: [alice, bob] }, alice).to.kind).toBe('feature')
    expect(picking({ plan: planWith('entitlement: host-must-have'), users: [alice, bob] }, alice).to.kind).toBe('refused')
  })

  test('is not picked up without a user, or while a logout is pending', () => {
    expect(picking({}, null).to).toEqual({ kind: 'please-log-in' })
    expect(picking({ draining: ['HD0001'] }, userOf('100', 'Alice')).to).toEqual({ kind: 'refused', reason: 'draining' })
  })
})
