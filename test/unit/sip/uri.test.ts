import { describe, expect, test } from 'vitest'
import { normalizedUri } from '../../../src/sip/lenient/lenient-uri.js'
import { dialled, isEmergencyService } from '../../../src/sip/uri/dialled.js'
import { sipUri, withoutUriHeaders, withUser } from '../../../src/sip/uri/sip-uri.js'
import { isUri, parseUri, printUri, schemeOf } from '../../../src/sip/uri/uri.js'
import { sameUri } from '../../../src/sip/uri/uri-equality.js'
import { decodeUser, encodeUser } from '../../../src/sip/uri/user-part.js'

const flags = (params: ReadonlyMap<string, string | null>): unknown => Object.fromEntries(params)

describe('RFC 3261 §19.1.1, the parts of a SIP URI', () => {
  test('all of them', () => {
    const uri = parseUri('SIPS:alice:secret@Example.COM:5061;Transport=tcp;lr?subject=a%20b&priority=')
    if (uri?.kind !== 'sip') throw new Error('no SIP URI')
    expect({ ...uri, params: flags(uri.params) }).toEqual({
      kind: 'sip',
      scheme: 'sips',
      user: 'alice',
      password: 'secret',
      host: 'Example.COM',
      port: 5061,
      params: { transport: 'tcp', lr: null },
      headers: [
        { name: 'subject', value: 'a%20b' },
        { name: 'priority', value: '' },
      ],
    })
  })

  test.each([
    ['sip:example.com', null, 'example.com', null],
    ['sip:example.com.', null, 'example.com.', null],
    ['sip:example.com:5060', null, 'example.com', 5060],
    ['sip:alice@192.0.2.1', 'alice', '192.0.2.1', null],
    ['sip:*77*100*@a.example', '*77*100*', 'a.example', null],
    ['sip:#1@a.example', '#1', 'a.example', null],
    ['sip:user;par=u%40example.net@example.com', 'user;par=u%40example.net', 'example.com', null],
    ['sip:a?b/c@example.com', 'a?b/c', 'example.com', null],
    ['sip:alice@my_host', 'alice', 'my_host', null],
    ['sip:a-b.c-d.example', null, 'a-b.c-d.example', null],
    ['sip:alice:@example.com', 'alice', 'example.com', null],
  ])('%s has user %s, host %s, port %s', (text, user, host, port) => {
    expect(parseUri(text)).toMatchObject({ kind: 'sip', user, host, port })
    expect(printUri(parseUri(text) ?? { kind: 'other', scheme: '', opaque: '' })).toBe(text)
  })

  test.each([
    '',
    'sip',
    'sip:',
    ':a',
    '1sip:a@b',
    'sip:a@',
    'sip:a@b@c',
    'sip:a b@c.example',
    'sip:a@b c',
    'sip:a%4@b.example',
    'sip:a%zz@b.example',
    'sip:a@b..example',
    'sip:a@.example',
    'sip:a@b.123',
    'sip:a@1.2.3',
    'sip:a@1.2.3.256',
    'sip:a@1.2.3.4.5',
    'sip:a@b.example:',
    'sip:a@b.example:65536',
    'sip:a@b.example:5o',
    'sip:a@b.example;=x',
    'sip:a@b.example;x=1;X=2',
    'sip:a@b.example;x=a b',
    'sip:a@b.example?',
    'sip:a@b.example?a',
    'sip:a@b.example?=b',
    'sip:a@b.example?a=b&',
    'sip:a@b.example?a=b?c=d;e',
    'sip:a:b;c@d.example',
    'sip:a<b@c.example',
    'sip:a"b@c.example',
    'sip:ü@c.example',
    'tel:',
    'tel:abc-xyz',
    'tel:+',
    'http:',
    'http:a b',
    'http:<a>',
  ])('%j is not a URI', (text) => {
    expect(parseUri(text)).toBeNull()
    expect(isUri(text, 0, text.length)).toBe(false)
  })

  test.each([
    ['sip:@a.example', 'sip:a.example'],
    ['sip:a@b.example;', 'sip:a@b.example'],
    ['sip:a@b.example;;lr', 'sip:a@b.example;lr'],
    ['sip:a@b.example;x=a=b;y', 'sip:a@b.example;x=a=b;y'],
    ['tel:+1;;x', 'tel:+1;x'],
  ])('%s is understood as %s, but is not strictly a URI', (text, meant) => {
    expect(printUri(parseUri(text) ?? { kind: 'other', scheme: '', opaque: '' })).toBe(meant)
    expect(isUri(text, 0, text.length)).toBe(text.startsWith('tel:'))
  })

  test.each([
    ['3f2a9c1b7d8e', 'sip:100@3f2a9c1b7d8e:5060'],
    ['7c', 'sip:7c'],
    ['-a-', 'sip:100@-a-'],
    ['5000', 'sip:5000'],
    ['2nd.4th', 'sip:100@2nd.4th;lr'],
  ])('%s, the name of a container, is a host', (host, text) => {
    expect(parseUri(text)).toMatchObject({ host })
    expect(isUri(text, 0, text.length)).toBe(true)
  })

  test.each([
    [' sip:100@a.example ', 'sip:100@a.example'],
    ['sip:Jos\xe9 M@a.example', 'sip:Jos%E9%20M@a.example'],
    ['sip:100%@a.example', 'sip:100%25@a.example'],
    ['sip:100%41@a.example;', 'sip:100%41@a.example'],
    ['sip:a@b@c', null],
    ['nothing', null],
  ])('%j is normalized to %j', (text, sent) => {
    expect(normalizedUri(text)).toBe(sent)
  })
})

test.each([
  ['tel:+49-30-123;ext=7', '+49-30-123'],
  ['tel:*77;phone-context=example.com', '*77'],
  ['TEL:1234', '1234'],
])('RFC 3966 §3: %s has the number %s', (text, number) => {
  expect(parseUri(text)).toMatchObject({ kind: 'tel', number })
  expect(isUri(text, 0, text.length)).toBe(true)
})

test('any other scheme is kept unchanged', () => {
  expect(parseUri('URN:service:sos')).toEqual({ kind: 'other', scheme: 'urn', opaque: 'service:sos' })
  expect([schemeOf('SIPS:a'), schemeOf('urn:x'), schemeOf('nothing')]).toEqual(['sips', 'urn', ''])
})

test('a URI is found inside a text', () => {
  const text = '<sip:a@b.example>'
  expect([isUri(text, 1, 16), isUri(text, 0, 16), isUri(text, 1, 17)]).toEqual([true, false, false])
})

describe('the user part', () => {
  test.each([
    ['%2A77%2A100%2a', '*77*100*'],
    ['100%23', '100#'],
    ['M%C3%BCller', 'Müller'],
    ['100%', '100%'],
    ['%4', '%4'],
    ['%zz', '%zz'],
    ['plain', 'plain'],
  ])('%s is read as %s', (text, decoded) => {
    expect(decodeUser(text)).toBe(decoded)
  })

  test.each([
    ['*77*100*', '*77*100*'],
    ['100#', '100%23'],
    ['a b@c:d', 'a%20b%40c%3Ad'],
    ['Müller', 'M%C3%BCller'],
    ['+49(30)', '+49(30)'],
    ['100%', '100%25'],
    ['100;tag=1', '100%3Btag=1'],
    ['a\r\nb"<>', 'a%0D%0Ab%22%3C%3E'],
  ])('%s is written as %s', (text, encoded) => {
    expect(encodeUser(text)).toBe(encoded)
    expect(decodeUser(encoded)).toBe(text)
    expect(parseUri(`sip:${encoded}@a.example`)).toMatchObject({ user: encoded })
    expect(sipUri({ user: text, host: '2001:db8::1', port: 5070, transport: 'tcp' })).toBe(
      `sip:${encoded}@[2001:db8::1]:5070;transport=tcp`,
    )
    expect(withUser('sip:x:y@a.example:5062;transport=tls?Subject=z', text)).toMatchObject({ user: encoded, password: null, headers: [] })
  })
})

describe('RFC 3261 §19.1.4, comparison', () => {
  test.each([
    ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'],
    [
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ],
    ['sip:alice@atlanta.com?subject=project%20x&priority=urgent', 'sip:alice@atlanta.com?priority=urgent&subject=project%20x'],
    ['tel:+1-201-555', 'tel:+1201555'],
    ['tel:123;a=1;b=2', 'tel:1-2-3;b=2;A=1'],
    ['urn:service:sos', 'URN:service:sos'],
    ['no URI', 'no URI'],
  ])('%s equals %s', (one, other) => {
    expect([sameUri(one, other), sameUri(other, one)]).toEqual([true, true])
  })

  test.each([
    ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'],
    ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'],
    ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'],
    ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'],
    ['sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'],
    ['sip:bob@biloxi.com', 'sips:bob@biloxi.com'],
    ['sip:bob@biloxi.com', 'sip:bob:pw@biloxi.com'],
    ['sip:biloxi.com', 'sip:bob@biloxi.com'],
    ['sip:a%3Bb@c.example', 'sip:a;b@c.example'],
    ['sip:bob@c.example;user=phone', 'sip:bob@c.example'],
    ['tel:123', 'tel:123;ext=1'],
    ['tel:123', 'sip:123@a.example'],
    ['no URI', 'no uri'],
  ])('%s does not equal %s', (one, other) => {
    expect([sameUri(one, other), sameUri(other, one)]).toEqual([false, false])
  })
})

test.each([
  ['sip:%2A77%2A100%2a@a.example', '*77*100*'],
  ['sip:+4930123;phone-context=x@a.example;user=phone', '+4930123'],
  ['tel:+49-30-(123)', '+4930123'],
  ['sip:+33-612-34.56(78)@a.example;user=phone', '+33612345678'],
  ['sip:06-12-34-56-78@a.example', '0612345678'],
  ['sip:%2B33%20612%2034@a.example', '+3361234'],
  ['tel:0612-34;phone-context=+33', '061234'],
  ['sip:HD-01.a@a.example', 'HD-01.a'],
  ['sip:*77*100-1@a.example', '*77*100-1'],
  ['sip:000-44.20%20(79)46%23@a.example', '00044207946#'],
  ['sip:-@a.example', '-'],
  ['sip:a.example', ''],
  ['sip:112', '112'],
  ['sip:127.0.0.1', ''],
  ['sip:100%25@a.example', '100%'],
  ['urn:service:sos', ''],
  ['no URI', ''],
])('%s was dialled as %j', (uri, number) => {
  expect(dialled(uri)).toBe(number)
})

test.each([
  ['urn:service:sos', true],
  ['URN:SERVICE:SOS', true],
  ['urn:service:sos.ambulance', true],
  ['urn:service:sos-not', false],
  ['urn:service:counseling', false],
  ['sip:sos@a.example', false],
  ['tel:112', false],
])('%s is an emergency service URN: %j (RFC 5031 §4.2)', (uri, does) => {
  expect(isEmergencyService(uri)).toBe(does)
})

test('headers of a URI are removed, and nothing else changes', () => {
  expect(withoutUriHeaders('sip:a@b.example:5060;transport=tcp?Alert-Info=x&Answer-Mode=Auto')).toBe('sip:a@b.example:5060;transport=tcp')
  for (const text of ['sip:a@b.example;ob', 'sip:a?b@c.example', 'urn:service:sos', 'no URI?']) expect(withoutUriHeaders(text)).toBe(text)
})
