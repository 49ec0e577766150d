import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import { decide } from '../../../../src/calls/routing/decide.js'
import { loadDialplan } from '../../../../src/dialplan/dialplan.js'
import { samplePlanText } from '../../../support/node/sample-plan.js'
import { alice, bob, decided, rulesOf, type Scene, scene, userOf } from './scene.js'

function planWith(rights: string) {
  const text = `${samplePlanText('paris')
    .replace(/^ +enabled: no\n/m, '')
    .replace(/^(rights|shortCodes):\n(?: .*\n)+/gm, '')}\n${rights}`
  return loadDialplan({ text, file: 'paris.yaml', log: silentLogger() })
}

const plan = planWith(`
rights:
  default: { allow: [internal], forwardOutside: no }
  outside: { allow: [internal, national, mobile, international, other] }
  lobby: { allow: ["101"] }
timeProfiles: { office: { hours: { mon-fri: "08:00-18:00" } } }`)
const at = { plan, seats: { HD0001: '100', HD0002: '101' }, registered: { HD0001: 'paris-1', HD0002: 'paris-1' } }
const withRights = (changes: Parameters<typeof userOf>[2], scene: Scene = at): Scene => ({
  ...scene,
  users: [userOf('100', 'Alice', changes), bob],
})
const rightsStep = ({ steps }: ReturnType<typeof decide>): string => steps.find(({ rule }) => rule === 'rights')?.words ?? ''

describe('the rights of a user', () => {
  test('refuse a number that they do not allow, and report it', () => {
    const decision = decided('00155512345', 'HD0001', at)
    expect(decision.to).toEqual({ kind: 'refused', reason: 'barred' })
    expect(rulesOf(decision)).toBe('emergency code caller leaving number rights')
    expect(rightsStep(decision)).toMatch(/^default rights of paris: .* are barred$/)
    expect(decision.notices).toMatchObject([{ kind: 'barred', user: '100', use: 'call', number: '+33155512345' }])
  })

  test('allow a number, and say so', () => {
    const decision = decided('00155512345', 'HD0001', withRights({ rights: 'outside' }))
    expect(decision.to).toMatchObject({ kind: 'outside' })
    expect(rightsStep(decision)).toMatch(/^rights outside of paris: .* are allowed$/)
    expect(decision.notices).toEqual([])
  })

  test('never concern an emergency call', () => {
    for (const digits of ['112', '0112', '15']) {
      const decision = decided(digits, 'HD0001', withRights({ rights: 'lobby' }))
      expect([decision.to.kind, rulesOf(decision)]).toEqual(['emergency', 'emergency'])
    }
  })

  test('may bar extensions as well', () => {
    const lobby = withRights({ rights: 'lobby' })
    expect(decided('101', 'HD0001', lobby).to.kind).toBe('phones')
    const decision = decided('100', 'HD0001', lobby)
    expect(decision.to).toEqual({ kind: 'refused', reason: 'barred' })
    expect(rightsStep(decision)).toBe('rights lobby of paris: internal numbers are barred')
  })

  test('do not concern those who call the user', () => {
    expect(decided('100', 'HD0002', withRights({ rights: 'lobby' })).to.kind).toBe('phones')
  })

  test('of any logged-in user are the default rights', () => {
    expect(decided('00155512345', null, at).to).toEqual({ kind: 'refused', reason: 'barred' })
  })
})

describe('a plan without rights', () => {
  const usual = planWith('')
  const decision = (digits: string, plan = usual) => decided(digits, 'HD0001', { ...at, plan })

  test.each([
    ['00155512345', 'national', true],
    ['00612345678', 'mobile', true],
    ['00800123456', 'other', true],
    ['0+447911123456', 'international', false],
    ['+447911123456', 'international', false],
    ['00899123456', 'premium', false],
  ] as const)('%s is %s: allowed %s', (digits, numberClass, isAllowed) => {
    const { to, steps, notices } = decision(digits.replace('0+', '000'))
    expect(to.kind).toBe(isAllowed ? 'outside' : 'refused')
    expect(steps.at(-1)).toEqual({
      rule: 'rights',
      words: `default rights of paris: ${numberClass === 'other' ? 'numbers of the class other' : `${numberClass} numbers`} are ${isAllowed ? 'allowed' : 'barred'}`,
    })
    expect(notices).toMatchObject(isAllowed ? [] : [{ kind: 'barred', numberClass }])
  })

  test('bars no number with + if the country of the site is not known', () => {
    const text = samplePlanText('paris')
      .replace(/^ +enabled: no\n/m, '')
      .replace(/^rights:\n(?: .*\n)+/m, '')
      .replace(/^ +callerId.*\n/m, '')
      .replace(/^(elin|country).*\n/gm, '')
      .replace(/^dids:\n(?: .*\n)+/m, '')
    const unknown = loadDialplan({ text, file: 'paris.yaml', log: silentLogger() })
    expect(decision('+33155512345', unknown).to.kind).toBe('outside')
    expect(decision('+447911123456', unknown).to.kind).toBe('outside')
  })
})

describe('a bar', () => {
  const barring = planWith(`
shortCodes:
  "*9.": { trunks: [paris-carrier], strip: 2 }
  "*8.": { trunks: [paris-carrier], strip: 3, prepend: "+33" }
  "*6XXXXXXXXX": { forward: "00XXXXXXXXX" }
rights: { default: { allow: [national, premium, other, mobile, "0800."], bar: ["0155.", "+336."] } }`)
  const kindOf = (digits: string) => decided(digits, 'HD0001', { ...at, plan: barring }).to.kind

  test.each([
    '00155512345',
    '*90155512345',
    '*80155512345',
    '*6155512345',
    '+33155512345',
    '0+33155512345',
    '*9*31#0155512345',
    '*90612345678',
    '*9#31#0612345678',
  ])('is not passed by a code or another form of the number: %s', (digits) => expect(kindOf(digits)).toBe('refused'))

  test.each(['00199000123', '*90199000123', '*80199000123', '*6199000123'])('leaves other numbers alone: %s', (digits) =>
    expect(kindOf(digits)).toBe('outside'),
  )
})

test('a call abroad that is allowed is reported', () => {
  const users = [userOf('100', 'Alice', { rights: 'outside' }), bob]
  const { to, notices } = decided('+447911123456', 'HD0001', { ...at, users })
  expect(to.kind).toBe('outside')
  expect(notices).toEqual([{ kind: 'costly', user: '100', use: 'call', number: '+447911123456', numberClass: 'international' }])
})

describe('a forward outside', () => {
  const forwarding = (rights: string | null) => withRights({ rights, forwards: { always: '00155512345' } })

  test('needs the right of the user who forwards, not of the caller', () => {
    expect(decided('100', 'HD0002', forwarding('outside')).to).toMatchObject({ kind: 'outside', number: '+33155512345' })
    const refused = decided('100', 'HD0002', forwarding(null))
    expect(refused.to).toEqual({ kind: 'refused', reason: 'barred' })
    expect(rightsStep(refused)).toBe('default rights of paris: forwarding outside is not allowed')
    expect(refused.notices).toMatchObject([{ user: '100', use: 'forward' }])
  })

  test('set with a key of the phone needs the same right', () => {
    const redirect = (user: typeof alice) =>
      decide(
        {
          kind: 'redirected',
          user,
          number: '00155512345',
          as: { reason: 'deflection', isPrivate: false },
          history: { hops: 0, trail: [], diversions: [] },
        },
        scene(at),
      ).to
    expect(redirect(userOf('100', 'Alice', { rights: 'outside' }))).toMatchObject({ kind: 'outside' })
    expect(redirect(alice)).toEqual({ kind: 'refused', reason: 'barred' })
  })

  test('of a call from a trunk needs it too', () => {
    const knowledge = scene(forwarding(null))
    expect(decide({ kind: 'delivered', number: '+33199000100' }, knowledge).to).toEqual({ kind: 'refused', reason: 'barred' })
  })
})

describe('names', () => {
  test('that the site does not define are reported, and the default rights count', () => {
    const decision = decided('00155512345', 'HD0001', withRights({ rights: 'boss' }))
    expect(rightsStep(decision)).toContain('default rights of paris, because paris has no rights boss')
    expect(decision.notices.map(({ kind }) => kind)).toEqual(['unknown-name', 'barred'])
  })

  test('of a time profile switch the rights by the clock of the site', () => {
    const timed = { timeProfile: 'office', rights: 'outside', outOfHoursRights: 'lobby' }
    const during = (moment: string) => decided('00155512345', 'HD0001', { ...withRights(timed), now: Date.parse(moment) })
    expect(during('2026-06-01T10:00:00Z').to.kind).toBe('outside')
    const late = during('2026-06-01T20:00:00Z')
    expect(late.to.kind).toBe('refused')
    expect(rightsStep(late)).toContain('rights lobby of paris, because Mon 22:00 is outside office')
  })
})
