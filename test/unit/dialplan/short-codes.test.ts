import { describe, expect, test } from 'vitest'
import { loadPlan, refusal } from './plan-text.js'

const base = 'site: rome\noutside: "0"\nextensions: [2XX]\ntrunks: { a: { uri: "sip:192.0.2.1" }, b: { uri: "sip:192.0.2.2" } }\n'
const routes = 'routes: [{ match: "0Z.", trunks: [a] }]\n'
const withCodes = (codes: string): string => `${base}${routes}shortCodes:\n${codes}`

describe('a short code', () => {
  test('calls an extension, fixed or with the digits that were dialled', () => {
    const plan = loadPlan(withCodes('  "*1": { extension: "201" }\n  "*2XX": { extension: "2XX" }\n'))
    expect(plan.route('*1')).toEqual({ kind: 'user', extension: '201', shortCode: '*1' })
    expect(plan.route('*1#')).toEqual({ kind: 'user', extension: '201', shortCode: '*1' })
    expect(plan.route('*245')).toEqual({ kind: 'user', extension: '245', shortCode: '*2XX' })
    expect(plan.route('*24')).toEqual({ kind: 'unknown' })
  })

  test('calls over a trunk of its own, with digits taken off and put in front', () => {
    const plan = loadPlan(withCodes('  "*3ZX.": { trunks: [b, a], strip: 2, prepend: "+3906", callerId: "+390612345" }\n'))
    expect(plan.route('*345678')).toMatchObject({
      kind: 'outside',
      number: '+390645678',
      callerId: '+390612345',
      trunks: [{ name: 'b' }, { name: 'a' }],
    })
  })

  test('forwards to a number, which is routed like a dialled one', () => {
    const plan = loadPlan(withCodes('  "*4": { forward: "201" }\n  "*5XX": { forward: "0061234XX" }\n'))
    expect(plan.route('*4')).toEqual({ kind: 'user', extension: '201', shortCode: '*4' })
    expect(plan.route('*578')).toMatchObject({ kind: 'outside', number: '06123478', shortCode: '*5XX' })
  })

  test('bars numbers of a route', () => {
    const plan = loadPlan(withCodes('  "00892.": { barred: yes }\n'))
    expect(plan.route('00892123')).toEqual({ kind: 'barred', shortCode: '00892.' })
    expect(plan.route('00893123')).toMatchObject({ kind: 'outside', number: '0893123' })
  })

  test('gives a feature what follows it, without the final * or #', () => {
    const plan = loadPlan(
      withCodes('  "*21*.": { feature: forward-always }\n  "#21#": { feature: forward-always-off }\n  "*8XXX": { feature: pick-up }\n'),
    )
    expect(['*21*0061234*', '*21*0061234#', '*21*', '#21#', '#21', '*8201'].map(plan.route)).toEqual([
      { kind: 'feature', feature: 'forward-always', argument: '0061234', shortCode: '*21*.' },
      { kind: 'feature', feature: 'forward-always', argument: '0061234', shortCode: '*21*.' },
      { kind: 'feature', feature: 'forward-always', argument: '', shortCode: '*21*.' },
      { kind: 'feature', feature: 'forward-always-off', argument: '', shortCode: '#21#' },
      { kind: 'unknown' },
      { kind: 'feature', feature: 'pick-up', argument: '201', shortCode: '*8XXX' },
    ])
  })

  test('breaks out to its site, or to the one that is named before the digits', () => {
    const plan = loadPlan(withCodes('  "*67*.": { breakOut: paris }\n  "*68*.": { breakOut: any }\n'))
    const breakOut = (dialled: string) => {
      const route = plan.route(dialled)
      return route.kind === 'break-out' ? [route.site, route.digits] : route.kind
    }
    expect(
      ['*67*0144', '*67*', '*68*london*00441', '*68*new-york*', '*68*london', '*68*0044123', '*68*0044*1', '*68*', '*68*#'].map(breakOut),
    ).toEqual([
      ['paris', '0144'],
      ['paris', ''],
      ['london', '00441'],
      ['new-york', ''],
      ['london', ''],
      [null, '0044123'],
      [null, '0044*1'],
      [null, ''],
      [null, ''],
    ])
  })

  test('plays an announcement', () => {
    expect(loadPlan(withCodes('  "*9": { announcement: try-later }\n')).route('*9')).toEqual({
      kind: 'announcement',
      prompt: 'try-later',
      shortCode: '*9',
    })
  })

  test('never takes precedence over an emergency number', () => {
    const plan = loadPlan(withCodes('  "*1XX": { barred: yes }\n'))
    expect(plan.route('112').kind).toBe('emergency')
    expect(plan.route('0112').kind).toBe('emergency')
  })

  test.each(['*3112', '*3112#', '*3+112', '*4999', '*50', '012911', '06112', '0112#'])(
    '%s, of which a trunk would get an emergency number, calls for help as that number does',
    (digits) => {
      const codes =
        '"*3.": { trunks: [b], strip: 2 }\n  "*4.": { trunks: [b], strip: 2 }\n  "*50": { trunks: [b], strip: 3, prepend: "112" }\n'
      const stripping = 'routes: [{ match: "12.", trunks: [a], strip: 2 }, { match: "6.", trunks: [a], strip: 1 }]\n'
      const plan = loadPlan(`${base}${stripping}emergency: { "112": "17", "999": "17", "911": "17" }\nshortCodes:\n  ${codes}`)
      expect(plan.route(digits)).toMatchObject({ kind: 'emergency', number: '17', trunks: [{ name: 'a' }, { name: 'b' }] })
      expect(plan.emergencyDialled).toEqual(expect.arrayContaining(['*3112', '*4999', '*50', '012911', '06112']))
      expect([plan.route('*3113').kind, plan.route('06117').kind, plan.emergency('*3112')]).toEqual(['outside', 'outside', null])
    },
  )
})

describe('short codes that would surprise a caller are refused, with file, line and both codes', () => {
  test.each([
    [
      'the login code',
      '"*7X": { barred: yes }',
      ':7:3  shortCodes.*7X: "*7X" can match the same digits as codes.login "*77*" (the default)',
    ],
    [
      'another code',
      '"*1": { extension: "201" }\n  "*1X": { barred: yes }',
      ':8:3  shortCodes.*1X: "*1X" begins with shortCodes.*1 "*1" (line 7)',
    ],
    [
      'a code that overlaps',
      '"*1X": { barred: yes }\n  "*12": { extension: "201" }',
      ':8:3  shortCodes.*12: "*12" can match the same digits as shortCodes.*1X "*1X" (line 7)',
    ],
    [
      'the beginning of an extension',
      '"2": { extension: "201" }',
      ':7:3  shortCodes.2: "2" is the beginning of extensions[0] "2XX" (line 3)',
    ],
    [
      'a number of a route',
      '"006.": { trunks: [b] }',
      ':7:3  shortCodes.006.: "006." can match the same digits as routes[0].match "0Z." (line 5)',
    ],
    [
      'an emergency number',
      '"112": { extension: "201" }',
      ':7:3  shortCodes.112: "112" can match the same digits as emergency.112 "112" (the default)',
    ],
    [
      'one with the outside prefix',
      '"0911": { barred: yes }',
      ':7:3  shortCodes.0911: "0911" can match the same digits as emergency.911 "911" (the default)',
    ],
    ['the beginning of one', '"91": { barred: yes }', ':7:3  shortCodes.91: "91" is the beginning of emergency.911 "911" (the default)'],
    [
      'all numbers of a route',
      '"00Z.": { barred: yes }',
      ':7:3  shortCodes.00Z.: "00Z." bars every number of routes[0].match "0Z." (line 5)',
    ],
  ])('%s', (_, codes, expected) => {
    expect(refusal(withCodes(`  ${codes}\n`)).join('\n')).toContain(expected)
  })
})

describe('a short code that cannot work is refused', () => {
  test.each([
    ['{}', 'expected exactly one of extension, trunks, forward, feature, breakOut, announcement, barred'],
    ['{ extension: "201", barred: yes }', 'expected exactly one of extension, trunks, forward, feature, breakOut, announcement, barred'],
    ['{ extension: "201", strip: 2 }', 'strip, prepend and callerId need trunks'],
    ['{ extension: "2XX" }', '.extension: needs as many open digits as "*8X", or none'],
    ['{ extension: "301" }', '.extension: no pattern of extensions matches "301"'],
    ['{ forward: "301" }', '.forward: neither extensions nor routes match "301"'],
    ['{ forward: "0112" }', '.forward: "0112" is an emergency number: a short code for it belongs under emergency'],
    ['{ trunks: [c] }', '.trunks: no trunk is named "c"; known here: a, b'],
    ['{ trunks: [] }', '.trunks: expected at least one trunk'],
    ['{ trunks: [a], strip: 4 }', '.strip: removes more digits than "*8X" has'],
    ['{ feature: fly }', '.feature: expected one of pick-up, park, do-not-disturb, '],
    ['{ breakOut: New York }', '.breakOut: expected a site such as london, or any, found "New York"'],
    ['{ announcement: ../secret }', '.announcement: expected the name of a prompt such as try-later'],
    ['{ barred: no }', '.barred: expected yes, found "no"'],
  ])('%s', (action, expected) => {
    expect(refusal(withCodes(`  "*8X": ${action}\n`)).join('\n')).toContain(expected)
  })

  test('as is a code that is not a pattern', () => {
    expect(refusal(withCodes('  "*8a": { barred: yes }\n')).join('\n')).toContain('expected a pattern of digits')
  })
})
