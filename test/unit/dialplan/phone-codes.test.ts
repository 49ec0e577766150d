import { expect, test } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { loadDialplan } from '../../../src/dialplan/dialplan.js'
import { parseSiteCodes, writeNamedCodes } from '../../../src/directory/membership/site-codes.js'

const text = `
site: paris
language: fr
extensions: ["10X", "2XXX"]
trunks:
  mailbox: { uri: sip:203.0.113.9 }
voicemail: { trunk: mailbox, number: "*97" }
shortCodes:
  "*8.": { feature: pick-up }
  "*3.": { feature: pick-up }
  "*21*.": { feature: forward-always }
  "#21": { feature: forward-always-off }
  "*44*.": { breakOut: london }
  "*68*.": { breakOut: any }
  "*5X": { extension: "10X" }
  "*97": { trunks: [mailbox] }
`

test('the keys of phones dial the codes of the plan, and the record of the site keeps them', () => {
  const { phoneCodes, language } = loadDialplan({ text, file: 'paris.yaml', log: silentLogger() })
  expect(language).toBe('fr')
  expect(Object.fromEntries(phoneCodes.named)).toEqual({
    login: '*77*',
    logout: '*77*5*',
    'logout-everywhere': '*77*6*',
    'pick-up': '*8',
    'forward-always': '*21*',
    'forward-always-off': '#21',
    'break-out.london': '*44*',
    'break-out.any': '*68*',
    voicemail: '*97',
  })
  expect(phoneCodes.closed).toEqual(['*77*5*', '*77*10X*', '*77*2XXX*', '#21', '*5X', '*97'])
  expect(parseSiteCodes(writeNamedCodes(phoneCodes), phoneCodes.closed.join(' '))).toEqual(phoneCodes)
})

test('words of a later version in the record of a site are left out', () => {
  const { named, closed } = parseSiteCodes('login=*77* =*1 x y= pick-up=a', '*77*5* *7. a')
  expect([Object.fromEntries(named), closed]).toEqual([{ login: '*77*' }, ['*77*5*']])
})
