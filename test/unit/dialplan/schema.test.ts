import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { settingsSchema } from '../../../src/config/config.js'
import { jsonSchemaOf } from '../../../src/config/yaml/json-schema.js'
import { block, form } from '../../../src/config/yaml/yaml-schema.js'
import { dialplanSchema } from '../../../src/dialplan/dialplan.js'
import { finishedPlanText, samplePlanText } from '../../support/node/sample-plan.js'
import { loadPlan } from './plan-text.js'

const ajv = new Ajv({ allowUnionTypes: true, allErrors: true, strict: true, strictRequired: false, strictTypes: false })
const isPlan = ajv.compile(dialplanSchema())
const isConfig = ajv.compile(settingsSchema())

/** As an editor reads YAML, where `9` is a number. */
const faults = (validate: typeof isPlan, text: string): string[] =>
  validate(parse(text)) ? [] : (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`)

const everything = `
site: rome
country: IT
elin: "+390612345678"
location: Rome, Via Appia 1
timezone: Europe/Rome
automaticLogout: { maxTime: 12h, idleTime: 90m, daily: "20:00" }
extensions: 2XX, 3XX
outside: 0
codes: { login: "*77*", logout: "*77*5*" }
emergency: { "112": "112", "118": "118" }
trunks:
  a:
    uri: sip:192.0.2.1:5060;transport=tcp
    from: [192.0.2.1, "2001:db8::1"]
    username: rome
    password: secret
    callerId: "+390612345678"
    ping: 30
    location: pidf-lo
    alertInfo: yes
    trust: full
    numbers: national
    callerNumbers: e164
    register: yes
    expires: 300
  b: { enabled: no, uri: "sips:carrier.example" }
routes:
  - { match: "0ZX.", trunks: a, strip: 1, prepend: "+39", callerId: "+390612345678" }
  - { match: "+Z.", trunks: [a, b] }
shortCodes:
  "*1": { extension: "201" }
  "*2XX": { forward: "2XX" }
  "*3.": { trunks: [b], strip: 2, prepend: "00" }
  "*8XXX": { feature: pick-up }
  "*68*.": { breakOut: any }
  "*9": { announcement: try-later }
  "00899.": { barred: yes }
dids: { "+3906123452XX": "2XX" }
alertInfo: ["20X"]
rights: { manager: { allow: [internal, national, "+39."], bar: premium, breakOut: no, limits: { callsAtOnce: 2 } } }
unknownRights: none
timeProfiles: { office: { hours: { mon-fri: ["08:00-18:00"] }, dates: { "12-25": [] } } }
limits: { callsPerMinute: 20 }
`

describe('the JSON Schema of a dial plan', () => {
  test.each([
    ['the sample of London', samplePlanText('london')],
    ['the sample of Paris', finishedPlanText('paris')],
    ['a plan with every key', everything],
    ['the smallest plan', 'site: rome\nextensions: [2XX]\n'],
  ])('accepts %s, as hotdesk does', (_, text) => {
    expect(faults(isPlan, text)).toEqual([])
    expect(loadPlan(text).site).toMatch(/london|paris|rome/)
  })

  test.each([
    ['an unknown key', 'outsde: 0', ' must NOT have additional properties'],
    ['a code that is not one', 'codes: { login: "77" }', '/codes/login must match pattern "^[*#][0-9*#]{1,14}$"'],
    ['a pattern that is not one', 'shortCodes: { "*8a": { barred: yes } }', '/shortCodes property name must be valid'],
    [
      'a short code with two actions',
      'shortCodes: { "*8": { barred: yes, extension: "201" } }',
      '/shortCodes/*8 must match exactly one schema in oneOf',
    ],
    ['a short code without one', 'shortCodes: { "*8": {} }', '/shortCodes/*8 must match exactly one schema in oneOf'],
    ['an unknown feature', 'shortCodes: { "*8": { feature: fly } }', '/shortCodes/*8/feature must be equal to one of the allowed values'],
    ['a trunk without an address', 'trunks: { a: { enabled: no } }', "/trunks/a must have required property 'uri'"],
    [
      'an unknown form of numbers',
      'trunks: { a: { uri: "sip:a", numbers: E164 } }',
      '/trunks/a/numbers must be equal to one of the allowed values',
    ],
    ['a route without trunks', 'routes: [{ match: "0." }]', "/routes/0 must have required property 'trunks'"],
  ])('refuses %s', (_, text, expected) => {
    const plan = `site: rome\nextensions: [2XX]\n${text}\n`
    expect(faults(isPlan, plan)).toContain(expected)
    expect(() => loadPlan(plan)).toThrow()
  })

  test('describes every key of every block', () => {
    const undescribed = (node: unknown, path: string): string[] => {
      if (typeof node !== 'object' || node === null) return []
      const { properties = {} } = node as { properties?: Record<string, { description?: string }> }
      const missing = Object.keys(properties).filter((key) => !properties[key]?.description)
      return [
        ...missing.map((key) => `${path}.${key}`),
        ...Object.entries(node).flatMap(([key, child]) => undescribed(child, `${path}.${key}`)),
      ]
    }
    expect(undescribed(dialplanSchema(), '')).toEqual([])
  })
})

test('a JSON Schema takes a key for a key, whatever its name', () => {
  const text = form('a text', (found) => found)
  const schema = jsonSchemaOf(block({ default: text, expects: text }), { title: '', description: '' })
  expect(Object.keys(schema.properties ?? {})).toEqual(['default', 'expects'])
})

describe('the JSON Schema of the settings', () => {
  test('accepts blocks, and their short form', () => {
    expect(
      faults(isConfig, 'node: a-1\nsite: a\nsip: { domain: a.example, listen: "udp://0.0.0.0:5060" }\nredis: redis://localhost\n'),
    ).toEqual([])
    expect(faults(isConfig, 'node: a-1\nsite: a\nsip: { domain: a.example }\nredis: { sentinels: [a:1, b:2], name: hd }\n')).toEqual([])
  })

  test('refuses a word that is not one of its words', () => {
    expect(faults(isConfig, 'node: a-1\nsite: a\nsip: { domain: a.example }\nlog: { level: loud }\n')).toEqual([
      '/log/level must be equal to one of the allowed values',
    ])
  })
})
