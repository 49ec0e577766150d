import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Extension, parseExtension } from '../../../src/base/identity.js'
import { samplePlan, samplePlanText } from '../../support/node/sample-plan.js'
import { loadPlan as load, refusal } from './plan-text.js'

function extension(text: string): Extension {
  const parsed = parseExtension(text)
  if (!parsed) throw new Error(`${text} is no extension`)
  return parsed
}

const paris = samplePlan('paris')
const london = samplePlan('london')

describe('dial codes', () => {
  test.each(['*77*100*', '*77*100', '*77*100*#', '*77*100#'])('%s is the login of 100', (dialled) => {
    expect(paris.route(dialled)).toEqual({ kind: 'login', extension: '100' })
  })

  test.each(['*77*', '*77', '*77*#', '*77#'])('%s is a login that asks for the extension', (dialled) => {
    expect(paris.route(dialled)).toEqual({ kind: 'login', extension: null })
  })

  test.each(['*77*5*', '*77*5', '*77*5*#'])('%s is the logout and not the login of 5', (dialled) => {
    expect(paris.route(dialled)).toEqual({ kind: 'logout' })
  })

  test.each(['*77**', '*77*1*0*', '*77*1234567890123456*', '*7', '*78*', '77*100*', '**77*100*', '*77*10a*', '', '#'])(
    '%j is no code',
    (dialled) => {
      expect(paris.route(dialled)).toEqual({ kind: 'unknown' })
    },
  )

  test('every extension of 1 to 15 digits but the reserved ones can log in', () => {
    const extensions = fc.stringMatching(/^[0-9]{1,15}$/).filter((digits) => digits !== '5' && digits !== '6')
    fc.assert(
      fc.property(extensions, (digits) => {
        expect(paris.route(`*77*${digits}*`)).toEqual({ kind: 'login', extension: digits })
      }),
    )
  })

  test('are the site’s own', () => {
    const plan = load('site: rome\nextensions: [1XX]\ncodes: { login: "#88#", logout: "#89#" }\n')
    expect(plan.route('#88#100')).toEqual({ kind: 'login', extension: '100' })
    expect(plan.route('#89')).toEqual({ kind: 'logout' })
    expect(plan.route('*77*100*')).toEqual({ kind: 'unknown' })
    expect(plan.reserved(extension('5'))).toBeNull()
  })

  test('reserve the extension whose login reads like the logout, with a reason', () => {
    expect(paris.reserved(extension('5'))).toBe('*77*5* is the logout code, and the login of 5 would read the same')
    expect(paris.reserved(extension('112'))).toBe('112 is an emergency number of every site')
    expect(paris.reserved(extension('100'))).toBeNull()
  })
})

describe('emergency numbers', () => {
  test.each(['%3112', '%31%31%32', '0%3112', '+', '+11', '++112'])('%s is not one: dialled digits are decoded only once', (digits) => {
    expect(paris.emergency(digits)).toBeNull()
  })

  test.each(['112', '0112', '911', '0911', '999', '112#', '15', '+112', '+112#'])(
    '%s is asked first, with and without the outside line',
    (dialled) => {
      const expected = dialled.includes('15') ? '15' : '112'
      expect(paris.emergency(dialled)).toBe(expected)
      expect(paris.route(dialled)).toEqual({ kind: 'emergency', number: expected, trunks: paris.trunks })
    },
  )

  test('become the number of the site where the phone is', () => {
    expect(['999', '112', '911', '9999', '15'].map((dialled) => london.emergency(dialled))).toEqual(['999', '999', '999', '999', '999'])
    // What the SIP server lets in however much there is to do: with the digit for an outside line as well.
    expect(london.emergencyNumbers).toEqual(expect.arrayContaining(['999', '9999', '112', '9112', '15']))
  })

  test('112 and 911 work at a site whose file names none', () => {
    const plan = load('site: rome\nextensions: [1XX]\n')
    expect([plan.emergency('112'), plan.emergency('911'), plan.emergency('999')]).toEqual(['112', '112', null])
    expect(plan.emergencyNumbers).toEqual(expect.arrayContaining(['112', '911']))
  })

  test('are known to the SIP server behind the codes of break-out, too', () => {
    const codes =
      '  "*6944.": { breakOut: london }\n  "88.": { breakOut: paris }\n  "*68*.": { breakOut: any }\n  "*8.": { feature: pick-up }\n'
    const { emergencyDialled } = load(`site: rome\nextensions: [1XX]\nshortCodes:\n${codes}`)
    expect(emergencyDialled.filter((digits) => digits.endsWith('112'))).toEqual([
      '112',
      '*6944112',
      '88112',
      '*68*112',
      '*694488112',
      '8888112',
      '*68*88112',
    ])
  })

  test('are not called over a trunk that leads to voicemail alone', () => {
    const trunk = (name: string) => `  ${name}: { uri: "sip:192.0.2.${name.length}" }\n`
    const namesOf = (text: string) => load(`site: rome\nextensions: [1XX]\n${text}`).emergencyTrunks.map(({ name }) => name)
    const both = `trunks:\n${trunk('mailbox')}${trunk('carrier')}voicemail: { trunk: mailbox }\n`
    expect(namesOf(both)).toEqual(['carrier'])
    expect(namesOf(`${both}routes: [{ match: "0.", trunks: [mailbox] }]\n`)).toEqual(['mailbox', 'carrier'])
    expect(namesOf(`${both}shortCodes: { "55": { trunks: [mailbox] } }\n`)).toEqual(['mailbox', 'carrier'])
    // The carrier of a site without outside calls may have its voicemail.
    expect(namesOf(`trunks:\n${trunk('carrier')}voicemail: { trunk: carrier }\n`)).toEqual(['carrier'])
  })

  test('win over an extension that a pattern would give', () => {
    expect(load('site: rome\nextensions: [1XX]\n').route('112').kind).toBe('emergency')
  })
})

describe('users and outside numbers', () => {
  test('a number that matches the extensions is a user, also of another site', () => {
    expect(paris.route('102')).toEqual({ kind: 'user', extension: '102' })
    expect(london.route('102')).toEqual({ kind: 'user', extension: '102' })
    expect(paris.route('112345')).toEqual({ kind: 'unknown' })
  })

  test.each([
    ['00199000200', '+33199000200', '+33199000200', 'national'],
    ['0004420794600', '+4420794600', null, 'international'],
    ['+442079460000', '+442079460000', '+442079460000', 'international'],
  ])('%s from Paris goes out as %s', (dialled, number, e164, numberClass) => {
    expect(paris.route(dialled)).toEqual({ kind: 'outside', number, e164, numberClass, trunks: paris.trunks, callerId: null })
  })

  test.each(['0', '00', '01234', '0199000200', '9', '+0123'])('%s from Paris goes nowhere', (dialled) => {
    expect(paris.route(dialled)).toEqual({ kind: 'unknown' })
  })

  test('a trunk gets the location of a phone only if that is set', () => {
    const plan = load(
      'site: rome\nextensions: [2XX]\ntrunks: { a: { uri: "sip:192.0.2.1" }, b: { uri: "sip:192.0.2.2", location: none }, c: { uri: "sip:192.0.2.3", location: pidf-lo } }',
    )
    expect(plan.trunks.map(({ location }) => location)).toEqual([undefined, undefined, 'pidf-lo'])
  })

  test('a trunk may want the caller in headers of its own, headers with fixed values, a share and limits', () => {
    const plan = load(
      'site: rome\nextensions: [2XX]\ntrunks: { a: { uri: "sip:192.0.2.1" }, b: { uri: "sip:192.0.2.2", callerIn: "from, Remote-Party-ID", anonymousFrom: account, telIdentity: yes, headers: { X-Customer: "4711" }, weight: 3, maxCalls: 30, callsPerMinute: 60 } }',
    )
    const [plain, own] = plan.trunks
    expect(Object.keys(plain ?? {}).sort()).toEqual(['callerId', 'callerIn', 'from', 'name', 'password', 'uri', 'username'])
    expect(own).toMatchObject({
      callerIn: ['From', 'Remote-Party-ID'],
      anonymousFrom: 'account',
      telIdentity: true,
      headers: { 'X-Customer': '4711' },
      weight: 3,
      maxCalls: 30,
      callsPerMinute: 60,
    })
  })

  test.each([
    ['callerIn: to', 'trunks.a.callerIn[0]: expected one of from, p-asserted-identity, p-preferred-identity, remote-party-id'],
    ['headers: { Via: x }', 'trunks.a.headers.Via: expected the name of a header that begins with X- or P-, but not one about the caller'],
    ['headers: { X-Hotdesk-Passport: x }', 'trunks.a.headers.X-Hotdesk-Passport: expected the name'],
    ['maxCalls: 0', 'trunks.a.maxCalls: expected a number of calls at once, 1 to 10000'],
    ['weight: heavy', 'trunks.a.weight: expected a weight of 1 to 1000'],
    ['register: yes', 'register: yes needs username and password'],
    ['username: u, password: p, register: yes, expires: 30', 'trunks.a.expires: expected seconds, 60 to 86400'],
    ['outboundProxy: proxy.example', 'trunks.a.outboundProxy: expected a SIP address'],
    ['aor: "sip:carrier.example"', 'trunks.a.aor: expected the address of an account'],
  ])('a trunk is refused with %s', (keys, problem) => {
    expect(() => load(`site: rome\nextensions: [2XX]\ntrunks: { a: { uri: "sip:192.0.2.1", ${keys} } }`)).toThrow(problem)
  })

  test('a trunk is trusted for its callers by default', () => {
    const plan = load(
      'site: rome\nextensions: [2XX]\ntrunks: { a: { uri: "sip:192.0.2.1" }, b: { uri: "sip:192.0.2.2", trust: callers }, c: { uri: "sip:192.0.2.3", trust: none }, d: { uri: "sip:192.0.2.4", trust: full } }',
    )
    expect(plan.trunks.map(({ trust }) => trust)).toEqual([undefined, undefined, 'none', 'full'])
  })

  test('the first route that matches counts, and its trunks keep their order', () => {
    const plan = load(
      [
        'site: rome',
        'extensions: [1XX]',
        'trunks: { a: { uri: "sip:192.0.2.1" }, b: { uri: "sip:b.example:5070;transport=tcp", from: [192.0.2.2], callerId: "+39123" } }',
        'routes:',
        '  - { match: "06X.", trunks: [b, a], callerId: "+3906" }',
        '  - { match: "0.", trunks: [a], strip: 1, prepend: "+39" }',
      ].join('\n'),
    )
    expect(plan.route('06123')).toMatchObject({ number: '06123', callerId: '+3906', trunks: [{ name: 'b' }, { name: 'a' }] })
    expect(plan.route('07123')).toMatchObject({ number: '+397123', callerId: null, trunks: [{ name: 'a', from: ['192.0.2.1'] }] })
    expect(plan.trunks[1]).toMatchObject({ from: ['192.0.2.2'], callerId: '+39123', username: null, password: null })
  })

  test('a direct number leads to its owner, with or without +, and is the owner’s caller number', () => {
    expect(paris.did('+33199000101')).toBe('101')
    expect(paris.did('33199000101')).toBe('101')
    expect(paris.did('+33199000201')).toBeNull()
    expect(paris.did('sip:evil')).toBeNull()
    expect(paris.callerId(extension('101'))).toBe('+33199000101')
    expect(paris.callerId(extension('200'))).toBeNull()
  })

  test.each(['+33199000101', '33199000101', '0033199000101', '0199000101', '199000101'])('a direct number may arrive as %s', (number) => {
    expect(paris.did(number)).toBe('101')
  })

  test('a direct number may be written in the national form', () => {
    const plan = load('site: rome\ncountry: GB\nextensions: [1XX]\ndids: { "020794601XX": "1XX" }\n')
    for (const number of ['02079460123', '+442079460123', '442079460123', '00442079460123']) expect(plan.did(number)).toBe('123')
    expect(plan.did('+332079460123')).toBeNull()
  })

  test('the country is that of the file, or follows from the numbers of the site', () => {
    const e164 = (text: string) => load(`site: rome\nextensions: [1XX]\n${text}`).numbers.e164('02079460123')
    expect(e164('country: GB\nelin: "+33199000000"\n')).toBe('+442079460123')
    expect(e164('elin: "+442079460000"\n')).toBe('+442079460123')
    expect(e164('')).toBeNull()
    expect(refusal('site: rome\nextensions: [1XX]\ncountry: UK\n')).toContain(
      'dialplans/test.yaml:3:1  country: expected a country by its two letters (ISO 3166), such as GB, found "UK"',
    )
  })

  test('caller number and direct number are each other’s inverse', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 109 }), (number) => {
        const callerId = paris.callerId(extension(String(number)))
        return callerId !== null && paris.did(callerId) === String(number)
      }),
    )
  })

  test('any user part has a route, always the same one', () => {
    fc.assert(
      fc.property(fc.string(), (user) => {
        expect(paris.route(user)).toEqual(paris.route(user))
      }),
    )
  })
})

describe('a file that would surprise a caller is refused, with file, line and both codes', () => {
  const base = 'site: rome\nextensions: [2XX]\ntrunks: { a: { uri: "sip:192.0.2.1" } }\n'

  test.each([
    [
      'a route that can match the login',
      `${base}routes: [{ match: "*7X.", trunks: [a] }]`,
      'dialplans/test.yaml:4:12  routes[0].match: "*7X." can match the same digits as codes.login "*77*" (the default)',
    ],
    [
      'a route that is the beginning of it',
      `${base}routes: [{ match: "*7", trunks: [a] }]`,
      'dialplans/test.yaml:4:12  routes[0].match: "*7" is the beginning of codes.login "*77*" (the default)',
    ],
    [
      'a route that the login begins',
      `${base}routes: [{ match: "*77*#1", trunks: [a] }]`,
      'dialplans/test.yaml:4:12  routes[0].match: "*77*#1" begins with codes.login "*77*" (the default)',
    ],
    [
      'a logout that is the login',
      `${base}codes: { login: "*8*", logout: "*8" }`,
      'dialplans/test.yaml:4:24  codes.logout: "*8" can match the same digits as codes.login "*8*" (line 4)',
    ],
    [
      'a logout that begins the login',
      `${base}codes: { login: "*88*", logout: "*8" }`,
      'dialplans/test.yaml:4:25  codes.logout: "*8" is the beginning of codes.login "*88*" (line 4)',
    ],
    [
      'an extension that is a route',
      `${base}routes: [{ match: "20X", trunks: [a] }]`,
      'dialplans/test.yaml:4:12  routes[0].match: "20X" can match the same digits as extensions[0] "2XX" (line 2)',
    ],
    [
      'two extensions in one',
      'site: rome\nextensions: [2XX,\n 20X]',
      'dialplans/test.yaml:3:2  extensions[1]: "20X" can match the same digits as extensions[0] "2XX" (line 2)',
    ],
    [
      'a route behind a wider one',
      `${base}routes:\n - { match: "0.", trunks: [a] }\n - { match: "00Z.", trunks: [a] }`,
      'dialplans/test.yaml:6:6  routes[1].match: "00Z." is never asked: all its numbers go to routes[0].match "0." (line 5)',
    ],
    [
      'a trunk that does not exist',
      `${base}routes: [{ match: "0.", trunks: [b] }]`,
      'dialplans/test.yaml:4:25  routes[0].trunks: no trunk is named "b"; known here: a',
    ],
    [
      'a user name without a password',
      'site: rome\nextensions: [2XX]\ntrunks: { a: { uri: "sip:192.0.2.1", username: u } }',
      'dialplans/test.yaml:3:11  trunks.a: username and password belong together',
    ],
    [
      'a form of a place that there is not',
      'site: rome\nextensions: [2XX]\ntrunks: { a: { uri: "sip:192.0.2.1", location: pidf } }',
      'dialplans/test.yaml:3:38  trunks.a.location: expected pidf-lo or none',
    ],
    [
      'a trust that there is not',
      'site: rome\nextensions: [2XX]\ntrunks: { a: { uri: "sip:192.0.2.1", trust: yes } }',
      'dialplans/test.yaml:3:38  trunks.a.trust: expected none, callers or full',
    ],
    [
      'numbers with unlike open digits',
      `${base}dids: { "+39X": "201" }`,
      'dialplans/test.yaml:4:9  dids.+39X: needs as many open digits as "201"',
    ],
    [
      'an emergency number that is none',
      `${base}emergency: { "1X2": "112" }`,
      'dialplans/test.yaml:4:14  emergency.1X2: expected an emergency number of 2 to 8 digits, found "1X2"',
    ],
    [
      'a bare code, which YAML takes for an alias',
      `${base}codes: { login: *77* }`,
      'dialplans/test.yaml:4:17  a word that begins with * is an alias in YAML; a code or password needs quotes, such as "*77*"',
    ],
    ['a key that does not exist', `${base}outsde: 0`, 'dialplans/test.yaml:4:1  outsde: unknown key; known here: site'],
  ])('%s', (_, text, expected) => {
    expect(refusal(text).join('\n')).toContain(expected)
  })

  test('all at once', () => {
    const text = 'site: Rome\nextensions: [2XX, 20X]\nroutes: [{ match: "*7.", trunks: [b] }, { match: "zz", trunks: [] }]\noutsde: 0\n'
    expect(refusal(text).map((line) => line.split(':').slice(1, 2).join())).toEqual(['1', '2', '3', '3', '3', '3', '3', '4'])
  })

  test('a trunk with `enabled: no` takes no call and is listed', () => {
    const { trunks, disabledTrunks, route } = load(samplePlanText('paris'))
    expect({ trunks, disabledTrunks }).toEqual({ trunks: [], disabledTrunks: ['paris-carrier'] })
    expect(route('112')).toMatchObject({ kind: 'emergency', trunks: [] })
    expect(route('00612345678')).toMatchObject({ kind: 'outside', trunks: [] })
  })

  test('a logout inside the login’s grammar is allowed: order decides', () => {
    expect(load(`${base}codes: { login: "*9*", logout: "*9*0*" }`).reserved(extension('0'))).toMatch(/\*9\*0\* is the logout code/)
  })
})
