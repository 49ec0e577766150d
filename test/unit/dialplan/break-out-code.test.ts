import { expect, test } from 'vitest'
import { parseSiteName, type SiteName } from '../../../src/base/identity.js'
import { loadPlan } from './plan-text.js'

const codeOf = (shortCodes: string, site: string, digits: string) => {
  const plan = loadPlan(`site: rome\noutside: "0"\nextensions: [1XX]\nshortCodes: { ${shortCodes} }\n`)
  const code = plan.breakOutCode(parseSiteName(site) as SiteName, digits)
  if (code !== null && site !== 'rome') expect(plan.route(code)).toMatchObject({ kind: 'break-out', site, digits })
  return code
}

test.each([
  ['a code of the site', '"*68*.": { breakOut: any }, "*6944.": { breakOut: london }', 'london', '02079460000', '*694402079460000'],
  ['a code that names the site', '"*68*.": { breakOut: any }, "*6944.": { breakOut: london }', 'oslo', '100', '*68*oslo*100'],
  ['a code of the site, before the number is entered', '"*6944.": { breakOut: london }', 'london', '', '*6944'],
  ['a code that names the site, before the number is entered', '"*68*.": { breakOut: any }', 'oslo', '', '*68*oslo*'],
  ['the number alone, at the site itself', '"*68*.": { breakOut: any }', 'rome', '100', '100'],
  ['nothing, at the site itself without a number', '"*68*.": { breakOut: any }', 'rome', '', null],
  ['nothing, without a code', '"*6944.": { breakOut: london }', 'oslo', '100', null],
  ['nothing, if the code has open digits before its end', '"*69X.": { breakOut: london }', 'london', '100', null],
  ['nothing, if the digits would end in a sign that is dropped', '"*6944.": { breakOut: london }', 'london', '100#', null],
])('A break-out is dialled with %s', (_what, shortCodes, site, digits, code) => {
  expect(codeOf(shortCodes, site, digits)).toBe(code)
})
