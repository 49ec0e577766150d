import { describe, expect, it } from 'vitest'
import { parseExtension } from '../../../../src/base/identity.js'
import { readYaml } from '../../../../src/config/yaml/yaml-schema.js'
import { withPlainNumbers } from '../../../../src/dialplan/numbers/plain-numbers.js'
import { loadPlan, refusal } from '../plan-text.js'

const plainNumber = (text: string) => withPlainNumbers(readYaml(JSON.stringify({ elin: text }), 'x.yaml')).written.value

describe('RFC 3966 §5.1.1: visual separators in a number', () => {
  it.each([
    ['+44 20 7946 0100', '+442079460100'],
    ['(020) 7946-0100', '02079460100'],
    ['020.7946.0100', '02079460100'],
    ['+44\u00a020\u202f7946 010X', '+44207946010X'],
    [' 112 ', '112'],
    ['00 Z.', '00Z.'],
    ['+44 20.', '+4420.'],
    ['*21*.', '*21*.'],
  ])('%s is %s', (text, plain) => {
    expect(plainNumber(text)).toEqual({ elin: plain })
  })

  it.each(['+44 (0)20 7946 0100', 'national', '020 7946 010A', '', '. .', 'one two', '020/7946'])(
    '%j is not a number, and stays as it is',
    (text) => {
      expect(plainNumber(text)).toEqual({ elin: text })
    },
  )
})

const text = `
site: london
country: GB
elin: +44 20 7946 0000
extensions: ["1 XX", "2-XX"]
alertInfo: ["10-X"]
outside: 9
emergency: { "1-1-2": "999", "999": "9 9 9" }
trunks:
  carrier: { uri: "sip:192.0.2.1", callerId: (020) 7946 0000 }
routes:
  - { match: "0 ZXXX XXXXXX", strip: 1, prepend: "+ 44", callerId: 020-7946-0001, trunks: [carrier] }
  - { match: "+ Z.", trunks: [carrier] }
shortCodes:
  "*1 2 3": { extension: "1 00" }
  "*5": { forward: "9 (020) 7946-0999" }
rights:
  default: { allow: [internal, "0 20."], bar: "020 7946 09XX, mobile" }
dids:
  "+44 20 7946 010X": "10 X"
  "(020) 7946-0000": "1 00"
`

describe('a plan file with visual separators', () => {
  const plan = loadPlan(text)
  const ext = (digits: string) => parseExtension(digits) ?? expect.unreachable()

  it('means the same as without', () => {
    expect([plan.elin, plan.trunks[0]?.callerId, plan.callerId(ext('105'))]).toEqual(['+442079460000', '02079460000', '+442079460105'])
    expect([plan.did('+442079460105'), plan.did('02079460000'), plan.mayAlert(ext('107'))]).toEqual(['105', '100', true])
    expect([plan.emergency('112'), plan.emergency('999')]).toEqual(['999', '999'])
    expect(plan.route('255')).toMatchObject({ kind: 'user', extension: '255' })
    expect(plan.route('902079460999')).toMatchObject({ kind: 'outside', number: '+442079460999', callerId: '02079460001' })
    expect(plan.route('*123')).toMatchObject({ kind: 'user', extension: '100' })
    expect(plan.route('*5')).toMatchObject({ kind: 'outside', number: '+442079460999' })
    const [rights] = plan.rights.all
    expect(rights?.allow.patterns.map(({ text: pattern }) => pattern)).toEqual(['020.'])
    expect(rights?.bar.patterns.map(({ text: pattern }) => pattern)).toEqual(['0207946' + '09XX'])
  })

  it('is refused with file and line if something else stands for a number', () => {
    const wrong = text.replace('elin: +44 20 7946 0000', 'elin: +44 (0)20 7946 0000').replace('"+44 20 7946 010X"', '"+44 20 7946 O10X"')
    expect(refusal(wrong)).toEqual([
      'dialplans/test.yaml:4:1   elin: expected a telephone number, digits with or without +, found "+44 (0)20 7946 0000"',
      expect.stringMatching(/^dialplans\/test.yaml:20:3 +dids\.…: expected a number, with X where a digit is open/),
    ])
  })

  it('names the line of a key as it is written, and both of two that are the same number', () => {
    expect(refusal(`${text}  "+44 (20) 7946 010X": "10X"\n`)).toEqual([
      'dialplans/test.yaml:22:3  dids.…: is the same number as "+44 20 7946 010X"',
    ])
    expect(refusal(text.replace('"+44 20 7946 010X": "10 X"', '"+44 20 7946 01XX": "10 X"'))).toEqual([
      'dialplans/test.yaml:20:3  dids.+442079460' + '1XX: needs as many open digits as "10X"',
    ])
    expect(refusal(text.replace('"*1 2 3"', '"*7 7"'))[0]).toMatch(/^dialplans\/test.yaml:15:3 /)
  })
})
