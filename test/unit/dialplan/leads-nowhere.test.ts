import { describe, expect, test } from 'vitest'
import { loadPlan, refusal } from './plan-text.js'

const base = 'site: rome\nextensions: [2XX]\ntrunks: { a: { uri: "sip:192.0.2.1" }, b: { uri: "sip:192.0.2.2" } }\n'

describe('a route that no call could take is refused', () => {
  test.each([
    ['{ match: "0.", trunks: [] }', 'routes[0].trunks: expected at least one trunk'],
    ['{ match: "0.", trunks: [a, b, a] }', 'test.yaml:4:25  routes[0].trunks: expected each trunk once, found "a" twice'],
    ['{ match: "0XX", strip: 4, trunks: [a] }', 'routes[0].strip: removes more digits than "0XX" has'],
  ])('%s', (route, expected) => {
    expect(refusal(`${base}routes: [${route}]`)).toEqual([expect.stringContaining(expected)])
  })

  test('but all digits of a number may be replaced by another number', () => {
    expect(loadPlan(`${base}routes: [{ match: "0XX", strip: 3, prepend: "+39061234", trunks: [a] }]`).route('012')).toMatchObject({
      kind: 'outside',
      number: '+39061234',
    })
  })

  // `strip` counts the + as well.
  test('and so may a number with +', () => {
    const route = '{ match: "+3906XX", strip: 7, prepend: "100", trunks: [a] }'
    expect(loadPlan(`${base}routes: [${route}]`).route('+390612')).toMatchObject({ kind: 'outside', number: '100' })
    expect(refusal(`${base}routes: [${route.replace('7', '8')}]`)).toEqual([
      expect.stringContaining('removes more digits than "+3906XX" has'),
    ])
  })
})

test('a short code with the same trunk twice is refused', () => {
  expect(refusal(`${base}shortCodes: { "*1X": { trunks: "a, a" } }`)).toEqual([
    expect.stringContaining('trunks: expected each trunk once, found "a" twice'),
  ])
})

test('a trunk whose caller is in no header is refused', () => {
  const plan = 'site: rome\nextensions: [2XX]\ntrunks:\n  a:\n    uri: "sip:192.0.2.1"\n    callerIn: []'
  expect(refusal(plan)).toEqual([
    expect.stringContaining('test.yaml:6:5  trunks.a.callerIn: expected at least one of from, p-asserted-identity,'),
  ])
})

describe('a direct number that is an emergency number', () => {
  const refused = 'expected a direct number, found an emergency number'

  test.each([
    ['112', '', 3],
    ['+911', '', 3],
    ['1-1-2', '', 3],
    ['17', 'emergency: { "17": "17" }\n', 4],
  ])('%s is refused', (number, keys, line) => {
    expect(refusal(`site: rome\nextensions: [2XX]\n${keys}dids: { "${number}": "200" }`)).toEqual([
      expect.stringMatching(new RegExp(`test\\.yaml:${line}:[0-9]+  dids\\..*: ${refused}$`)),
    ])
  })

  test('is accepted among others, as a trunk may deliver extensions', () => {
    expect(loadPlan('site: rome\nextensions: [2XX]\ndids: { "11X": "20X" }').did('113')).toBe('203')
  })
})

describe('the address of a trunk, its registrar and its proxy', () => {
  const withTrunk = (keys: string) =>
    `site: rome\nextensions: [2XX]\ntrunks: { a: { username: u, password: p, register: yes, uri: "sip:192.0.2.1", ${keys} } }`
  const keys = ['registrar', 'outboundProxy']

  test.each([
    'sip:192.0.2.1:0',
    'sip:192.0.2.1:65536',
    'sip:300.0.2.1',
    'sip:192.0.2',
    'sip:[::1::]:5060',
    'sip:carrier.example;transport=ws',
    'sip:carrier.example;transport=sctp',
    'sip:carrier.example;x=1;transport=tlss',
  ])('is refused if no request can reach it: %s', (uri) => {
    for (const key of keys)
      expect(refusal(withTrunk(`${key}: "${uri}"`))).toEqual([expect.stringMatching(/: expected a SIP address such as /)])
    expect(refusal(`site: rome\nextensions: [2XX]\ntrunks: { a: { uri: "${uri}" } }`)).toHaveLength(1)
  })

  test.each(['sip:192.0.2.1:65535', 'sips:carrier.example', 'sip:[2001:db8::1]:5061;transport=TLS', 'sip:1und1.example;transport=tcp;x=1'])(
    'is accepted otherwise: %s',
    (uri) => {
      for (const key of keys) expect(() => loadPlan(withTrunk(`${key}: "${uri}"`))).not.toThrow()
    },
  )
})
