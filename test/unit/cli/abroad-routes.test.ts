import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { barredAbroad } from '../../../src/cli/abroad-routes.js'
import { loadDialplan } from '../../../src/dialplan/dialplan.js'
import { samplePlan } from '../../support/node/sample-plan.js'

function planOf(...lines: readonly string[]) {
  const trunk = 'trunks: { line: { uri: "sip:192.0.2.20" } }'
  return loadDialplan({ text: ['site: paris', 'extensions: [1XX]', trunk, ...lines].join('\n'), file: 'paris.yaml', log: silentLogger() })
}

const toAbroad = 'routes: [{ match: "00.", trunks: [line] }]'

describe('check and doctor mention routes that lead abroad', () => {
  test.each([
    ['with 00', 'country: FR', toAbroad],
    ['with 00 after the outside prefix', 'country: FR', `outside: "9"\n${toAbroad}`],
    ['with 011', 'country: US', 'routes: [{ match: "011.", trunks: [line] }]'],
    ['with +', 'country: GB', 'routes: [{ match: "+.", trunks: [line] }]'],
    ['with rights for other numbers alone', 'country: FR', `${toAbroad}\nrights: { boss: { allow: [premium, "0899."] } }`],
  ])('%s', (_, ...lines) => {
    expect(barredAbroad(planOf(...lines))).toMatch(/^the routes of paris lead abroad, but no rights allow international numbers/)
  })

  test.each([
    ['any rights allow it', 'country: FR', `${toAbroad}\nrights: { boss: { allow: [international] } }`],
    ['rights allow one country', 'country: FR', `${toAbroad}\nrights: { boss: { allow: ["+44."] } }`],
    ['no route leads there', 'country: FR', 'routes: [{ match: "0ZXXXXXXXX", trunks: [line] }]'],
  ])('but not if %s', (_, ...lines) => {
    expect(barredAbroad(planOf(...lines))).toBe(null)
  })

  test('but not in the sample plans', () => {
    expect([barredAbroad(samplePlan('paris')), barredAbroad(samplePlan('london'))]).toEqual([null, null])
  })
})
