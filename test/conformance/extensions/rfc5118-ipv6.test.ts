import { describe, expect, test } from 'vitest'
import { printVia } from '../../../src/sip/headers/via.js'
import type { SipRequest } from '../../../src/sip/message/message.js'
import { type ParsedMessage, parseMessage } from '../../../src/sip/parser/parser.js'
import { parseUri, printUri, type SipUri } from '../../../src/sip/uri/uri.js'
import { sameUri } from '../../../src/sip/uri/uri-equality.js'

interface Pieces {
  readonly method?: string
  readonly uri?: string
  readonly vias?: readonly string[]
  readonly contact?: string
  readonly body?: string
}

const plain: Required<Pieces> = {
  method: 'REGISTER',
  uri: 'sip:[2001:db8::10]',
  vias: ['SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111'],
  contact: '<sip:carol@[2001:db8::1]>',
  body: '',
}

function parse(pieces: Pieces): ParsedMessage {
  const { method, uri, vias, contact, body } = { ...plain, ...pieces }
  const lines = [
    `${method} ${uri} SIP/2.0`,
    ...vias.map((via) => `Via: ${via}`),
    'Max-Forwards: 70',
    'From: <sip:carol@hotdesk.example>;tag=81x2',
    'To: <sip:carol@hotdesk.example>',
    'Call-ID: six-4711',
    `CSeq: 98176 ${method}`,
    `Contact: ${contact}`,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${body.length}`,
    '',
    body,
  ]
  return parseMessage(Buffer.from(lines.join('\r\n'), 'latin1'))
}

function requestOf(pieces: Pieces): SipRequest {
  const result = parse(pieces)
  if (result.outcome !== 'message' || result.message.kind !== 'request') throw new Error(JSON.stringify(result))
  return result.message
}

function sipUri(text: string): SipUri {
  const uri = parseUri(text)
  if (uri?.kind !== 'sip') throw new Error(`no SIP URI: ${text}`)
  return uri
}

describe('RFC 5118 §4, IPv6 in SIP messages', () => {
  test('§4.1: an address in brackets is a host, in the Request-URI, Via and Contact', () => {
    const request = requestOf({})
    expect(sipUri(request.uri)).toMatchObject({ user: null, host: '2001:db8::10', port: null })
    expect(request.topVia).toMatchObject({ transport: 'UDP', host: '2001:db8::9:1', port: null, branch: 'z9hG4bKas3-111' })
    expect(sipUri(request.contacts[0]?.uri ?? '')).toMatchObject({ user: 'carol', host: '2001:db8::1', port: null })
  })

  test('§4.2: an address without brackets in the Request-URI MUST be answered with 400', () => {
    const result = parse({ uri: 'sip:2001:db8::10' })
    expect(result).toMatchObject({ outcome: 'malformed', status: 400, reason: 'Malformed Request-URI' })
    expect(result.outcome === 'malformed' && result.request).not.toBeNull()
  })

  test.each([
    'sip:[2001:db8::10',
    'sip:2001:db8::10]',
    'sip:[]',
    'sip:[1]',
    'sip:[2001:db8::10::1]',
    'sip:[2001:db8::g]',
    'sip:[::1%eth0]',
    'sip:[192.0.2.1]',
  ])('§4.2: %s is not a SIP URI', (uri) => {
    expect(parseUri(uri)).toBeNull()
    expect(parse({ uri })).toMatchObject({ outcome: 'malformed', status: 400 })
  })

  test('§4.3: a port-like part within the brackets belongs to the address', () => {
    expect(sipUri(requestOf({ uri: 'sip:[2001:db8::10:5070]' }).uri)).toMatchObject({ host: '2001:db8::10:5070', port: null })
  })

  test('§4.4: the number behind the brackets is the port', () => {
    expect(sipUri(requestOf({ uri: 'sip:[2001:db8::10]:5070' }).uri)).toMatchObject({ host: '2001:db8::10', port: 5070 })
  })

  test.each(['[2001:db8::9:255]', '2001:db8::9:255'])('§4.5: received=%s, with brackets or without, MUST be accepted', (received) => {
    const request = requestOf({ method: 'BYE', vias: [`SIP/2.0/UDP [2001:db8::9:1]:6050;received=${received};branch=z9hG4bKas3`] })
    expect(request.topVia).toMatchObject({ host: '2001:db8::9:1', port: 6050, branch: 'z9hG4bKas3' })
    expect(request.topVia.params.get('received')).toBe(received)
  })

  test('§4.6: addresses in SDP have no brackets and are ignored by the parser', () => {
    const body = 'v=0\r\no=carol 1 1 IN IP6 2001:db8::20\r\ns=-\r\nc=IN IP6 2001:db8::20\r\nt=0 0\r\nm=audio 20000 RTP/AVP 0\r\n'
    expect(requestOf({ method: 'INVITE', uri: 'sip:101@[2001:db8::10]', body }).body.toString('latin1')).toBe(body)
  })

  test('§4.7: addresses of both families in one list of Vias', () => {
    const vias = [
      'SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111',
      'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144,SIP/2.0/TCP [2001:db8::9:255]:7777;branch=z9hG4bK451jj;received=192.0.2.200',
    ]
    expect(requestOf({ method: 'BYE', vias }).vias.map(({ host, port }) => [host, port])).toEqual([
      ['2001:db8::9:1', 6050],
      ['192.0.2.1', null],
      ['2001:db8::9:255', 7777],
    ])
  })

  test('§4.8: media lines of both families are passed on unchanged', () => {
    const body =
      'v=0\r\no=- 1 1 IN IP6 2001:db8::20\r\ns=-\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\nm=audio 6002 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n'
    expect(requestOf({ method: 'INVITE', body }).toBuffer().subarray(-body.length).toString('latin1')).toBe(body)
  })

  test('§4.9: an IPv4-mapped address is an IPv6 address', () => {
    const request = requestOf({ contact: '<sip:carol@[::FFFF:192.0.2.10]:19823>' })
    expect(sipUri(request.contacts[0]?.uri ?? '')).toMatchObject({ host: '::FFFF:192.0.2.10', port: 19_823 })
    expect(sameUri('sip:carol@[::FFFF:192.0.2.10]', 'sip:carol@[::ffff:c000:20a]')).toBe(true)
  })

  test('§4.10: one colon too many before an IPv4 part, which the grammar of RFC 3261 allowed, SHOULD be accepted', () => {
    expect(sipUri(requestOf({ method: 'OPTIONS', uri: 'sip:carol@[2001:db8:::192.0.2.1]' }).uri).host).toBe('2001:db8:::192.0.2.1')
    expect(sameUri('sip:carol@[2001:db8:::192.0.2.1]', 'sip:carol@[2001:db8::192.0.2.1]')).toBe(true)
  })
})

test('RFC 5954 §4.2: two spellings of one address are the same host', () => {
  expect(sameUri('sip:bob@[2001:DB8:0:0:0:0:0:9]', 'sip:bob@[2001:db8::9]')).toBe(true)
  expect(sameUri('sip:bob@[2001:db8::9]', 'sip:bob@[2001:db8::8]')).toBe(false)
})

test('an IPv6 host gets its brackets when a URI or a Via is printed', () => {
  expect(printUri(sipUri('sip:carol@[2001:db8::10]:5070;transport=tcp'))).toBe('sip:carol@[2001:db8::10]:5070;transport=tcp')
  expect(printVia({ transport: 'TCP', host: '2001:db8::1', port: 5060, params: new Map([['branch', 'z9hG4bK1']]) })).toBe(
    'SIP/2.0/TCP [2001:db8::1]:5060;branch=z9hG4bK1',
  )
})
