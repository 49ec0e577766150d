import { describe, expect, it } from 'vitest'
import { redirectHeaders, redirectionOf, redirectNumbers } from '../../../../src/calls/dial/redirection.js'
import { parseNameAddr } from '../../../../src/sip/headers/name-addr.js'
import { splitList } from '../../../../src/sip/syntax/list.js'
import { alice, dialplan } from '../routing/scene.js'

const answer = (contact: string) => ({
  status: 302,
  reason: 'Moved',
  body: '',
  header: (name: string) => (name === 'Contact' ? contact : ''),
})
const numbers = (contact: string) => redirectNumbers(answer(contact), (uri) => uri.includes('@hotdesk.test'), dialplan)

describe('why a phone redirects a call', () => {
  const reply = (headers: Readonly<Record<string, string>>) => ({ header: (name: string) => headers[name] ?? '' })

  it.each([
    ['is deflection if it does not say so', {}, 'deflection', false],
    ['is what it says (RFC 5806 §5.1)', { Diversion: '<sip:100@hotdesk.test>;reason=user-busy' }, 'user-busy', false],
    ['is deflection for a word of its own', { Diversion: '<sip:100@hotdesk.test>;reason=lunch' }, 'deflection', false],
    ['is hidden with Privacy: history (RFC 7044 §10.1.2)', { Privacy: 'history' }, 'deflection', true],
    ['is hidden with privacy=full', { Diversion: '<sip:100@hotdesk.test>;reason=no-answer;privacy=full' }, 'no-answer', true],
  ] as const)('%s', (_, headers, reason, isPrivate) => {
    expect(redirectionOf(reply(headers))).toEqual({ reason, isPrivate })
  })

  it('reaches another node', () => {
    const told = redirectHeaders(['102'], { user: alice, domain: 'hotdesk.test', reason: 'user-busy', isPrivate: true })
    expect(redirectionOf(reply({ Diversion: String(told.Diversion) }))).toEqual({ reason: 'user-busy', isPrivate: true })
  })
})

describe('the numbers of a redirection', () => {
  it.each([
    ['one', '<sip:102@hotdesk.test>', ['102']],
    ['one without brackets, and with parameters', 'sip:00612345678@hotdesk.test;expires=60', ['00612345678']],
    ['with a name, a port and URI parameters', '"Chloe, desk" <sip:102@hotdesk.test:5070;transport=tcp;reason=uc?X=y>', ['102']],
    ['with separators', '<sip:00-612-34.56@hotdesk.test>', ['006123456']],
    ['a tel URI', '<tel:+33-6-12>', ['+33612']],
    ['one that is local to a country (RFC 3966 §5.1.5)', '<tel:020-7946-0100;phone-context=+44>', ['+442079460100']],
    ['the same as a SIP URI', '<sip:7042;phone-context=+1-914-555@phone.example;user=phone>', ['+19145557042']],
    ['an extension in a context', '<tel:102;phone-context=+33>', ['102']],
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
    const told = String(
      redirectHeaders(['102', '*31#0612'], { user: alice, domain: 'hotdesk.test', reason: 'deflection', isPrivate: false }).Contact,
    )
    expect(splitList(told).map((value) => parseNameAddr(value)?.params.get('q'))).toEqual(['0.9', '0.8'])
    expect(numbers(told)).toEqual(['102', '*31#0612'])
  })
})
