import { describe, expect, it } from 'vitest'
import { redirectContact, redirectNumbers } from '../../../../src/calls/dial/redirection.js'
import { parseNameAddr } from '../../../../src/sip/headers/name-addr.js'
import { splitList } from '../../../../src/sip/syntax/list.js'

const answer = (contact: string) => ({
  status: 302,
  reason: 'Moved',
  body: '',
  header: (name: string) => (name === 'Contact' ? contact : ''),
})
const numbers = (contact: string) => redirectNumbers(answer(contact), (uri) => uri.includes('@hotdesk.test'))

describe('the numbers of a redirection', () => {
  it.each([
    ['one', '<sip:102@hotdesk.test>', ['102']],
    ['one without brackets, and with parameters', 'sip:00612345678@hotdesk.test;expires=60', ['00612345678']],
    ['with a name, a port and URI parameters', '"Chloe, desk" <sip:102@hotdesk.test:5070;transport=tcp;reason=uc?X=y>', ['102']],
    ['with separators', '<sip:00-612-34.56@hotdesk.test>', ['006123456']],
    ['a tel URI', '<tel:+33-6-12>', ['+33612']],
    [
      'a telephone number at another host',
      '<sip:0612345678@carrier.example;user=phone>, <sip:+33612@carrier.example>',
      ['0612345678', '+33612'],
    ],
    ['several by q', '<sip:102@hotdesk.test>;q=0.2, <sip:103@hotdesk.test>;q=0.7,<sip:104@hotdesk.test>', ['104', '103', '102']],
    ['the same twice', '<sip:102@hotdesk.test>, <sip:102@hotdesk.test;transport=tcp>', ['102']],
    ['a q without its 0', '<sip:102@hotdesk.test>;q=.2, <sip:103@hotdesk.test>;q=0.30', ['103', '102']],
    ['a q that is none', '<sip:102@hotdesk.test>;q=high, <sip:103@hotdesk.test>;q=0.9', ['102', '103']],
    ['five of many', Array.from({ length: 9 }, (_, index) => `<sip:10${index}@hotdesk.test>`).join(), ['100', '101', '102', '103', '104']],
    ['a code, which the dial plan refuses', '<sip:%2A77%2A100%2A@hotdesk.test>', ['*77*100*']],
    ['none at another host', '<sip:102@elsewhere.example>', []],
    ['none for a name', '<sip:chloe@hotdesk.test>', []],
    ['none for a web page', '<https://hotdesk.test/102@hotdesk.test>', []],
    ['none for garbage', 'whatever, <sip:@>, *', []],
    ['a good one beside garbage', '<sip:@>, <sip:102@hotdesk.test>', ['102']],
    ['none without a Contact', '', []],
  ])('%s', (_, contact, expected) => {
    expect(numbers(contact)).toEqual(expected)
  })

  it('reach another node in the same order', () => {
    const told = redirectContact(['102', '*31#0612'], 'hotdesk.test')
    expect(splitList(told).map((value) => parseNameAddr(value)?.params.get('q'))).toEqual(['0.9', '0.8'])
    expect(numbers(told)).toEqual(['102', '*31#0612'])
  })
})
