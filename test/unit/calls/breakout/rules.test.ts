import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSiteName } from '../../../../src/base/identity.js'
import { judgeTyped } from '../../../../src/calls/breakout/emergency-behind-codes.js'
import type { Knowledge } from '../../../../src/calls/routing/contract.js'
import { decide } from '../../../../src/calls/routing/decide.js'
import { explain } from '../../../../src/calls/routing/explain.js'
import { emergencyOf } from '../../../../src/calls/routing/number-rules.js'
import { loadPlan } from '../../dialplan/plan-text.js'
import { alice, bob, dev, dialled, found, node, nodeOf, rulesOf, type Scene, scene, userOf } from '../routing/scene.js'

const plan = loadPlan(`
site: paris
outside: "0"
extensions: [10X]
emergency: { "112": "112", "15": "15" }
trunks: { carrier: { uri: "sip:192.0.2.1" } }
routes: [{ match: "0ZX.", trunks: [carrier] }]
rights:
  stay: { breakOut: no }
  alone: { transferOutside: no }
  near: { allow: [internal], bar: [national] }
shortCodes:
  "*68*.": { breakOut: any }
  "*6944.": { breakOut: london }
  "*8XXX": { feature: pick-up }
  "*9": { announcement: closed }
`)
const london = found(parseSiteName('london'))
const oslo = found(parseSiteName('oslo'))
const londoners = [nodeOf(node('london-1'), london), nodeOf(node('london-2'), london)]
const known = (parts: Scene = {}) => ({ ...scene({ seats: { HD0001: '100' }, others: londoners, ...parts }), dialplan: plan })
const from = (by: string, digits: string, knowledge = known()) => decide(dialled(digits, by, knowledge), knowledge)

describe('a break-out, at the site of the phone', () => {
  it.each(['*6944020123', '*68*london*020123'])('%s goes to the living nodes of the site', (digits) => {
    const decision = from('HD0001', digits)
    expect(decision.to).toEqual({ kind: 'break-out', site: 'london', digits: '020123', nodes: londoners })
    expect(rulesOf(decision)).toBe('emergency code caller leaving number site node rights')
    expect(decision.steps.at(-2)?.words).toBe('break-out to london, node london-1, then london-2')
    expect(decision.steps.at(-1)?.words).toMatch(/: break-out is allowed$/)
  })

  it('passes over a node that is draining', () => {
    const [first, second] = [nodeOf(node('london-1'), london), nodeOf(node('london-2'), london)]
    const { to } = from('HD0001', '*6944020123', known({ others: [{ ...first, isDraining: true }, second] }))
    expect(to).toEqual({ kind: 'break-out', site: 'london', digits: '020123', nodes: [second] })
  })

  it('to its own site is dialled here', () => {
    expect(from('HD0001', '*68*paris*00199000123').to).toMatchObject({ kind: 'outside', number: '0199000123' })
  })

  it.each<readonly [string, string, Scene, string, string]>([
    ['to a site without living nodes', '*68*london*020123', { others: [] }, 'site-away', 'no node of london is alive'],
    [
      'to a site whose nodes are of an earlier version',
      '*68*london*020123',
      { others: [nodeOf(node('london-1'), london, [])] },
      'site-away',
      'node london-1 of london must be updated to take break-outs',
    ],
    [
      'to a site whose nodes are draining',
      '*68*london*020123',
      { others: [{ ...nodeOf(node('london-1'), london), isDraining: true }] },
      'site-away',
      'node london-1 of london is draining',
    ],
    ['to an unknown site', '*68*atlantis*020123', { absentSites: ['atlantis'] }, 'unknown-number', 'no site is named atlantis'],
    ['without a site, if there is no other', '*68*020123', { others: [] }, 'site-missing', 'there is no other site to choose'],
    ['with a name that cannot be read', '*68*lon_don*020123', {}, 'site-missing', 'the name of the site cannot be read'],
  ])('%s is refused', (_what, digits, parts, reason, words) => {
    const { to, steps } = from('HD0001', digits, known(parts))
    expect([to, steps.at(-1)?.words]).toEqual([{ kind: 'refused', reason }, words])
  })

  it('is not for a user whose rights here do not include it, except to this site', () => {
    const users = [userOf('100', 'Alice', { rights: 'stay' })]
    const { to, steps } = from('HD0001', '*68*london*020123', known({ users }))
    expect([to, steps.at(-1)?.words]).toEqual([{ kind: 'refused', reason: 'barred' }, expect.stringMatching(/break-out is not allowed$/)])
    expect(from('HD0001', '*68*paris*00199000123', known({ users })).to.kind).toBe('outside')
  })

  it('is not for a phone at which nobody is logged in', () => {
    expect(from('HD0003', '*68*london*020123').to).toEqual({ kind: 'please-log-in' })
  })
})

describe('a transfer to a break-out code', () => {
  const transferred = (digits: string, rights: string | null = null) => {
    const user = userOf('100', 'Alice', { rights })
    const knowledge = known({ users: [user, bob] })
    const device = found(knowledge.directory.device(dev('HD0001')))
    return decide({ kind: 'transferred', digits, by: { device, user } }, knowledge)
  }

  it('goes to the site, for the user who transfers', () => {
    const decision = transferred('*6944020123')
    expect(decision.to).toEqual({ kind: 'break-out', site: 'london', digits: '020123', nodes: londoners })
    expect(rulesOf(decision)).toBe('emergency caller number rights site node rights')
    expect(decision.steps[3]?.words).toMatch(/: transfer is allowed$/)
  })

  it.each([
    ['may not transfer outside', 'alone', '*6944020123', /transfer outside is not allowed$/],
    ['may not transfer outside, to this site either', 'alone', '*68*paris*00199000123', /transfer outside is not allowed$/],
    ['may not break out', 'stay', '*6944020123', /break-out is not allowed$/],
  ])('is refused if the user %s', (_what, rights, digits, words) => {
    const { to, steps } = transferred(digits, rights)
    expect([to, steps.at(-1)?.words]).toEqual([{ kind: 'refused', reason: 'barred' }, expect.stringMatching(words)])
  })

  it.each(['*68*', '*68*020123', '*6944'])('is refused if a voice would have to ask: %s', (digits) => {
    expect(transferred(digits).to).toEqual({ kind: 'refused', reason: 'site-missing' })
  })

  it('with an emergency number is refused, behind any code', () => {
    for (const digits of ['*6944112', '*6944*6944112', '*68*015'])
      expect(transferred(digits).to).toEqual({ kind: 'refused', reason: 'not-by-transfer' })
  })
})

describe('a break-out that names no site', () => {
  const menuOf = (digits: string, knowledge: Knowledge = known()) => {
    const decision = from('HD0001', digits, knowledge)
    return {
      ...decision,
      choices: decision.to.kind === 'break-out-menu' ? decision.to.choices.map(({ key, site }) => `${key} ${site}`) : null,
    }
  }
  const others = [...londoners, nodeOf(node('oslo-1'), oslo), nodeOf(node('paris-2'))]

  it('asks for one of the other sites, by a key that begins no emergency number here', () => {
    const decision = menuOf('*68*', known({ others }))
    expect([decision.to.kind, decision.choices, rulesOf(decision)]).toEqual([
      'break-out-menu',
      ['2 london', '3 oslo'],
      'emergency code caller leaving number site rights',
    ])
    expect(decision.steps.at(-2)?.words).toBe('the caller chooses a site: 2 london, 3 oslo')
  })

  it.each(['*68*020123', '*68*020123#', '*68*'])('keeps the digits of %s', (digits) => {
    const { to } = menuOf(digits)
    expect(to.kind === 'break-out-menu' ? to.digits : null).toBe(digits.includes('020123') ? '020123' : '')
  })

  it('offers the menu of the dial plan', () => {
    const dialplan = loadPlan(
      'site: paris\nextensions: [1XX]\nshortCodes: { "*68*.": { breakOut: any } }\nbreakOutMenu: { "7": oslo, "0": rome, "4": london }\n',
    )
    expect(menuOf('*68*', { ...known({ others }), dialplan }).choices).toEqual(['4 london', '7 oslo', '0 rome'])
  })

  it('is not for a user whose rights here do not include it', () => {
    const { to, steps } = menuOf('*68*', known({ users: [userOf('100', 'Alice', { rights: 'stay' })] }))
    expect([to, steps.at(-1)?.words]).toEqual([{ kind: 'refused', reason: 'barred' }, expect.stringMatching(/break-out is not allowed$/)])
  })

  it('is explained', () => {
    const knowledge = known({ others })
    const explained = (digits: string) => explain(dialled(digits, 'HD0001', knowledge), knowledge)
    expect(explained('*68*').outcome).toBe('a voice asks for the site: 2 london, 3 oslo; then for the number')
    expect(explained('*6944').outcome).toBe('a voice asks for the number at london')
    expect(explained('*68*020123').destination).toEqual({
      kind: 'break-out-menu',
      site: null,
      sites: ['2 london', '3 oslo'],
      digits: '020123',
    })
  })
})

describe('digits that are typed in the menu', () => {
  const visitor = userOf('100', 'Zoe', { home: oslo })
  const judge = judgeTyped(visitor, known({ emergencies: { london: ['999', '112'], oslo: ['101', '113', '112'] } }))

  it.each([
    ['a key of no emergency number', '2', null, 'ordinary'],
    ['the first digit of one', '1', null, 'beginning'],
    ['the prefix for an outside line here', '0', null, 'beginning'],
    ['a number here', '15', null, 'emergency'],
    ['a number here with the prefix', '015', null, 'emergency'],
    ['a number of every site, where an extension cannot follow', '112', london, 'emergency'],
    ['a number of the site chosen', '999', london, 'emergency'],
    ['a number of the site chosen, before it is chosen', '999', null, 'ordinary'],
    ['a number of the home of the caller', '113', london, 'emergency'],
    ['a number behind a code', '*6944112', london, 'emergency'],
    ['a number with another digit', '1123', london, 'ordinary'],
  ] as const)('may be %s: %s, at %s: %s', (_what, digits, at, verdict) => {
    expect(judge(digits, at, 'so far')).toBe(verdict)
    expect(judge(digits, at, 'complete')).toBe(verdict === 'beginning' ? 'ordinary' : verdict)
  })

  it('wait for the end of the entry if they are the beginning of an extension as well', () => {
    const plan = loadPlan('site: rome\nextensions: [112X]\n')
    const there = judgeTyped(null, { ...known(), dialplan: plan })
    expect(['112', '1123', '911'].map((digits) => there(digits, london, 'so far'))).toEqual(['beginning', 'ordinary', 'emergency'])
    expect(there('112', london, 'complete')).toBe('emergency')
  })
})

describe('a break-out, at the site that is named', () => {
  const brokenOut = (digits: string, parts: Scene = {}) =>
    decide({ kind: 'broken-out', digits, user: parts.users?.[0] ?? alice, use: 'break-out' }, known(parts))

  it('is dialled by the plan of this site', () => {
    const decision = brokenOut('00199000123')
    expect(decision.to).toMatchObject({ kind: 'outside', number: '0199000123' })
    expect(rulesOf(decision)).toBe('caller number rights')
    expect(decision.steps[0]?.words).toBe('Alice (100) dials by the plan of paris')
  })

  it('reaches an extension with its forwards', () => {
    const bob = userOf('101', 'Bob', { forwards: { always: '00199000123' } })
    expect(brokenOut('101', { users: [alice, bob] }).to).toMatchObject({ kind: 'outside', number: '0199000123' })
  })

  it.each([
    ['does not dial for users at other sites', 'stay', /break-out is not allowed$/],
    ['bars the number', 'near', /numbers .*barred$/],
  ])('is refused if this site %s, by the rights of the user here', (_what, rights, words) => {
    const { to, steps } = brokenOut('00199000123', { users: [userOf('100', 'Alice', { rights })] })
    expect([to, steps.at(-1)?.words]).toEqual([{ kind: 'refused', reason: 'barred' }, expect.stringMatching(words)])
  })

  it('plays an announcement', () => {
    expect(brokenOut('*9').to).toMatchObject({ kind: 'announcement', prompt: 'closed' })
  })

  it.each([
    ['another break-out', '*68*london*020123', 'not-from-here'],
    ['a break-out to this site', '*68*paris*100', 'not-from-here'],
    ['a feature', '*8101', 'not-from-here'],
    ['the login code', '*77*100*', 'unknown-number'],
    ['nothing', '999999', 'unknown-number'],
  ])('does not lead to %s', (_what, digits, reason) => {
    expect(brokenOut(digits).to).toEqual({ kind: 'refused', reason })
  })
})

describe('an emergency number behind a break-out code', () => {
  const visitor = userOf('100', 'Zoe', { home: oslo })
  const knowledge = known({ users: [visitor], emergencies: { london: ['999', '9999', '112', '9112'], oslo: ['113'] } })
  const number = (digits: string) => emergencyOf(digits, () => visitor, knowledge)?.number ?? null

  it.each([
    ['global', '*68*london*112', '112'],
    ['of this site', '*68*london*15', '15'],
    ['of this site, with its prefix', '*694415', '15'],
    ['of the other site', '*68*london*999', '112'],
    ['of the other site, with its prefix', '*68*london*9999', '112'],
    ['of the caller’s home', '*68*london*113', '112'],
    ['of the caller’s home, with a final #', '*68*london*113#', '112'],
    ['behind a code that names no site', '*68*112', '112'],
    ['behind a site that nobody knows', '*68*atlantis*112', '112'],
    ['behind a site in capital letters', '*68*LONDON*999', '112'],
    ['behind a name that is not one', '*68*lon_don*112', '112'],
    ['behind two codes', '*6944*6944112', '112'],
    ['behind two codes, with a site of the first alone', '*68*london*694410999', null],
    ['of the site of the first code, behind two', '*68*london*68*oslo*999', '112'],
    ['behind two codes, with the prefix here', '*6944*68*london*015', '15'],
    ['of this site, with the prefix of the other', '*6944915', '15'],
    ['of the caller’s home, with the prefix of the other', '*68*london*9113', '112'],
    ['behind a sign of its own', '*6944*112', '112'],
    ['before a final *', '*6944112*', '112'],
    ['written with separators', '*6944-11.2', '112'],
    ['of two digits behind a sign, which may be a code there', '*6944*15', null],
  ])('%s is called from here', (_what, digits, called) => {
    expect(number(digits)).toBe(called)
    if (called === null) return
    const decision = decide(dialled(digits, 'HD0001', knowledge), knowledge)
    expect([decision.to.kind, rulesOf(decision)]).toEqual(['emergency', 'emergency'])
  })

  it('is called from here behind any chain of codes, prefixes and signs', () => {
    const codes = fc.array(fc.constantFrom('*6944', '*68*', '*68*london*', '*68*oslo*', '*68*atlantis*'), { minLength: 1, maxLength: 6 })
    const numbers = fc.constantFrom(['112', '112'], ['911', '112'], ['15', '15'], ['113', '112'])
    fc.assert(
      fc.property(codes, fc.constantFrom('', '0'), numbers, fc.constantFrom('', '#', '*'), (chain, prefix, [dialled, called], end) => {
        expect(number(`${chain.join('')}${prefix}${dialled}${end}`)).toBe(called)
      }),
    )
  })

  it('is found in a bounded number of steps', () => {
    expect(number(`${'*6944'.repeat(9)}112`)).toBeNull()
    expect(number(`${'*6944'.repeat(10_000)}112`)).toBeNull()
  })

  it('is not any other number', () => {
    fc.assert(fc.property(fc.stringMatching(/^020[0-9]{6,9}$/), (digits) => number(`*6944*68*london*${digits}`) === null))
    expect([number('*68*london*020123'), number('*68*london*100'), number('113')]).toEqual([null, null, '112'])
  })
})
