import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import { type Dialplan, judge, loadDialplan, type NumberClass, type Use } from '../../../../src/dialplan/dialplan.js'

function planOf(text: string): Dialplan {
  return loadDialplan({ text: `site: paris\nextensions: [1XX]\n${text}`, file: 'paris.yaml', log: silentLogger() })
}

const someone = { rights: null, outOfHoursRights: null, timeProfile: null }

/** What `allowed` is about: a number of that class, or with these forms. */
function verdict(plan: Dialplan, what: NumberClass | readonly string[], use: Use = 'call', rights: string | null = null) {
  const reached =
    typeof what === 'string'
      ? { forms: ['+33199000100'], hidden: () => [], numberClass: what }
      : { forms: what, hidden: () => [], numberClass: 'other' as const }
  return judge(plan.rights.inForce({ ...someone, rights }, 0).rights, use, reached)
}

describe('a plan without rights', () => {
  const plan = planOf('')

  test('is judged without the hidden forms of a number, which take time', () => {
    const hidden = (): never => {
      throw new Error('asked')
    }
    const { rights } = plan.rights.inForce(someone, 0)
    expect(judge(rights, 'call', { forms: ['0123456789'], hidden, numberClass: 'national' }).isAllowed).toBe(true)
  })

  test.each(['internal', 'national', 'mobile', 'other'] as const)('allows %s numbers for every use', (numberClass) => {
    for (const use of ['call', 'forward', 'transfer', 'break-out'] as const) expect(verdict(plan, numberClass, use).isAllowed).toBe(true)
  })

  test.each(['international', 'premium'] as const)('bars %s numbers', (numberClass) => {
    expect(verdict(plan, numberClass)).toEqual({ isAllowed: false, words: `${numberClass} numbers are barred` })
  })
})

describe('rights', () => {
  const plan = planOf(`
rights:
  default: { allow: [internal, national, mobile, international, other], bar: [mobile, "+8816.", "0899."] }
  lobby: { allow: ["100", "+33199000100"], forwardOutside: no, transferOutside: no, breakOut: no }
  manager: { allow: [premium, "+881612345"], bar: [] }
  ship: { allow: ["+8816123."], bar: ["+8816."] }`)

  test.each([
    ['a class that is allowed', 'international', true, 'international numbers are allowed'],
    ['a class that is allowed and barred', 'mobile', false, 'mobile numbers are barred'],
    ['a class that is not listed', 'premium', false, 'premium numbers are barred'],
    ['a pattern that bars, over the class that allows', ['+88161234'], false, 'numbers that match +8816. are barred'],
    ['a pattern that bars another form of the number', ['0899123456', '+33899123456'], false, 'numbers that match 0899. are barred'],
  ] as const)('judge by %s', (_, what, isAllowed, words) => {
    expect(verdict(plan, what)).toEqual({ isAllowed, words })
  })

  test('judge by a pattern that allows, where its class is not listed', () => {
    expect(verdict(plan, ['100'], 'call', 'lobby')).toEqual({ isAllowed: true, words: 'numbers that match 100 are allowed' })
    expect(verdict(plan, ['101'], 'call', 'lobby').isAllowed).toBe(false)
  })

  test('judge by the pattern that bars, if another allows the number', () => {
    expect(verdict(plan, ['+88161234'], 'call', 'ship')).toEqual({ isAllowed: false, words: 'numbers that match +8816. are barred' })
  })

  test.each([
    ['forward', 'forwarding outside is not allowed'],
    ['transfer', 'transfer outside is not allowed'],
    ['break-out', 'break-out is not allowed'],
  ] as const)('without the right to %s refuse it for every number', (use, words) => {
    expect(verdict(plan, ['+33199000100'], use, 'lobby')).toEqual({ isAllowed: false, words })
    expect(verdict(plan, 'premium', use, 'manager').isAllowed).toBe(true)
  })
})

describe('names that the site does not define', () => {
  const rights = 'rights: { default: { allow: [internal, international] } }'

  test('get the default rights', () => {
    const inForce = planOf(rights).rights.inForce({ ...someone, rights: 'manager' }, 0)
    expect(inForce).toMatchObject({ rights: { name: 'default' }, unknown: 'manager' })
    expect(inForce.words).toBe('default rights of paris, because paris has no rights manager')
  })

  test('get nothing outside with `unknownRights: none`', () => {
    const plan = planOf(`${rights}\nunknownRights: none`)
    expect(plan.rights.inForce({ ...someone, rights: 'manager' }, 0).words).toBe('no rights outside, because paris has no rights manager')
    expect(verdict(plan, 'national', 'call', 'manager').isAllowed).toBe(false)
    expect(verdict(plan, 'internal', 'call', 'manager').isAllowed).toBe(true)
    expect(verdict(plan, ['+1'], 'forward', 'manager').isAllowed).toBe(false)
  })

  test('of a time profile are treated the same', () => {
    const inForce = planOf(rights).rights.inForce({ ...someone, rights: 'default', timeProfile: 'office' }, 0)
    expect(inForce).toMatchObject({ rights: { name: 'default' }, unknown: 'office' })
    expect(inForce.words).toContain('because paris has no time profile office')
  })
})

test.each([
  ['rights: { "a b": {} }', /rights.*expected a name of letters, digits and -/],
  ['rights: { default: { allow: [abroad] } }', /rights\.default\.allow\[0\]: expected one of internal, national, .* found "abroad"/],
  ['rights: { default: { forwardOutside: maybe } }', /forwardOutside: expected yes or no, found "maybe"/],
  ['rights: { default: { allows: [] } }', /unknown key; known here: allow, bar, /],
  ['unknownRights: all', /unknownRights: expected default or none, found "all"/],
  ['timeProfiles: { office: { hours: { mon: "08:00-18:00" } } }', /timeProfiles: needs timezone as well/],
  ['timezone: Europe/Paris\ntimeProfiles: { office: { hours: { monday: "08:00-18:00" } } }', /expected a day or days such as mon-fri/],
  ['timezone: Europe/Paris\ntimeProfiles: { office: { hours: { mon: "8-18" } } }', /expected hours such as 08:00-18:00, found "8-18"/],
  ['timezone: Europe/Paris\ntimeProfiles: { office: { dates: { "02-30": [] } } }', /expected a date such as 2026-12-24/],
])('%s is refused', (text, message) => {
  expect(() => planOf(text)).toThrow(message)
})
