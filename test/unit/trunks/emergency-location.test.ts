import { describe, expect, it } from 'vitest'
import { multipart } from '../../../src/sip/message/multipart.js'
import { callWithLocation } from '../../../src/trunks/emergency-location.js'
import type { OutgoingCall } from '../../../src/trunks/identity.js'
import { locationObject } from '../../../src/trunks/pidf-lo.js'
import { onlyOne, readXml } from '../../support/repo/xml.js'
import { readMultipart } from '../../support/sip/multipart.js'
import { offer } from '../../support/sip/sip-peer.js'
import { dialplan, open, trunkNamed } from '../../support/sip/trunk-bench.js'

const at = Date.UTC(2026, 0, 2, 3, 4, 5)
const entity = 'pres:+33199000001@192.0.2.20'
const documentOf = (location: string) => readXml(locationObject({ entity, location, at }))
const locationIn = (location: string): string => onlyOne(documentOf(location), 'LOC').text

describe('a location as a document', () => {
  it('RFC 4119, RFC 5139: is a civic address of the caller, entered by hand, with rules of use and a time', () => {
    const document = documentOf('Paris, 1st floor, desk 2')
    const pidf = 'urn:ietf:params:xml:ns:pidf'
    expect([document.name, document.attributes.entity]).toEqual([`${pidf} presence`, entity])
    const names = (element: typeof document): unknown[] => [element.name.replace(pidf, ''), ...element.children.map(names)]
    expect(names(document)).toEqual([
      ' presence',
      [
        ' tuple',
        [
          ' status',
          [
            ':geopriv10 geopriv',
            [':geopriv10 location-info', [':geopriv10:civicAddr civicAddress', [':geopriv10:civicAddr LOC']]],
            [':geopriv10 usage-rules', [':geopriv10:basicPolicy retransmission-allowed']],
            [':geopriv10 method'],
          ],
        ],
        [' timestamp'],
      ],
    ])
    const text = (name: string): string => onlyOne(document, name).text
    expect([text('LOC'), text('method'), text('retransmission-allowed'), text('timestamp')]).toEqual([
      'Paris, 1st floor, desk 2',
      'Manual',
      'true',
      '2026-01-02T03:04:05.000Z',
    ])
    expect(onlyOne(document, 'tuple').attributes.id).toBe('phone')
  })

  it.each([
    ['signs of XML', `R&D <"lab's"> &amp; ]]>`],
    ['letters of other scripts', 'Zürich, Büro 4 · 東京 · 𝄞'],
    ['what reads like a tag', '</ca:LOC><ca:LOC>elsewhere'],
  ])('keeps %s', (_, location) => {
    expect(locationIn(location)).toBe(location)
  })

  it.each([
    ['lines and tabs', ' 1st floor,\r\n\tdesk  2 ', '1st floor, desk 2'],
    ['control characters', 'desk\u0000\u001b[31m 2\u007f', 'desk [31m 2\u007f'],
    ['half a character', 'desk \ud800 2 \udc00', 'desk 2'],
    ['what is no character', 'desk\ufffe2\uffff', 'desk 2'],
  ])('RFC 5139 §3.6: has a single blank for %s', (_, location, shown) => {
    expect(locationIn(location)).toBe(shown)
  })

  it('keeps only the beginning of a long text', () => {
    expect(locationIn('𝄞'.repeat(5_000))).toBe('𝄞'.repeat(1_000))
    expect(locationIn(`${'&'.repeat(999)} ${'x'.repeat(99)}`)).toBe('&'.repeat(999))
  })
})

describe('a body of several parts', () => {
  const part = (content: string) => ({ headers: { 'Content-Type': 'text/plain' }, content })

  it('returns each part to the last byte', () => {
    const contents = [offer, 'no line end', '', '\r\n', '--', 'é']
    const { type, body } = multipart('mixed', contents.map(part))
    expect(readMultipart(type, body).map(({ content }) => content)).toEqual(contents)
  })

  it('RFC 2046 §5.1.1: has a boundary that occurs in no part', () => {
    const boundaries = ['first', 'second', 'third']
    const { type, body } = multipart('mixed', [part('the first'), part('x\r\n--second\r\n')], () => boundaries.shift() ?? 'none')
    expect(type).toBe('multipart/mixed;boundary=third')
    expect(readMultipart(type, body).length).toBe(2)
  })
})

describe('a call with the location of the phone', () => {
  const call: OutgoingCall = { uri: 'sip:112@192.0.2.20', parts: { headers: { From: '<sip:1@192.0.2.20>' } } }
  const inviteOf = (body: string, type = 'application/sdp') => ({ body, header: (name: string) => (name === 'Content-Type' ? type : '') })
  const located = (invite = inviteOf(offer), location = 'desk', caller: string | null = 'sip:+331@192.0.2.20') =>
    callWithLocation(call, { location, invite, caller, at })
  const headersOf = (found: OutgoingCall | null): Readonly<Record<string, unknown>> => found?.parts.headers ?? {}
  const partsOf = (found: OutgoingCall | null) => readMultipart(String(headersOf(found)['Content-Type']), found?.parts.body ?? '')

  it('RFC 6442 §4.1, §4.2: has the location where the header points, and allows routing by it', () => {
    const found = located()
    const headers = headersOf(found)
    expect(headers).toMatchObject({ From: '<sip:1@192.0.2.20>', 'Geolocation-Routing': 'yes' })
    const [, contentId] = /^<cid:([\w-]+@hotdesk\.invalid)>$/.exec(String(headers.Geolocation)) ?? []
    const [sdp, place] = partsOf(found)
    expect([sdp?.content, sdp?.headers.get('content-type')]).toEqual([offer, 'application/sdp'])
    expect(sdp?.headers.get('content-disposition')).toBe('session;handling=required')
    expect([place?.headers.get('content-type'), place?.headers.get('content-id')]).toEqual(['application/pidf+xml', `<${contentId}>`])
    expect(place?.headers.get('content-disposition')).toBe('by-reference;handling=optional')
    expect(readXml(place?.content ?? '').attributes.entity).toBe('pres:+331@192.0.2.20')
  })

  it('RFC 2392 §2: has another Content-ID each time', () => {
    expect(headersOf(located()).Geolocation).not.toBe(headersOf(located()).Geolocation)
  })

  it('RFC 8262 §1.4.1: has only the location if there is no offer', () => {
    expect(partsOf(located(inviteOf('', ''))).map(({ headers }) => headers.get('content-type'))).toEqual(['application/pidf+xml'])
  })

  it('is anonymous if the trunk is shown no number', () => {
    const [, place] = partsOf(located(inviteOf(offer), 'desk', null))
    expect(readXml(place?.content ?? '').attributes.entity).toBe('pres:anonymous@anonymous.invalid')
  })

  it.each([
    ['the caller sends parts of its own', inviteOf('--x--\r\n', 'multipart/mixed;boundary=x'), 'desk'],
    ['the location is empty', inviteOf(offer), '\u0000 '],
  ])('there is none where %s', (_, invite, location) => {
    expect(located(invite, location)).toBeNull()
  })

  it.each(['', 'application/sdp', 'Application/SDP; charset=utf-8'])('there is one for an offer of the type %j', (type) => {
    expect(located(inviteOf(offer, type))).not.toBeNull()
  })

  it('is made only for a trunk that takes it, with the number shown to the trunk', () => {
    const { trunks } = open()
    const party = { name: 'Alice', number: '100', isPrivate: false, isAsserted: true }
    const place = { location: 'desk', invite: inviteOf(offer), plan: dialplan }
    expect(trunks.outgoingWithLocation(trunkNamed('first'), '112', party, place)).toBeNull()
    const found = trunks.outgoingWithLocation({ ...trunkNamed('first'), location: 'pidf-lo' }, '112', party, place)
    expect(found?.uri).toBe(trunks.outgoing(trunkNamed('first'), '112', party, dialplan).uri)
    expect(found?.parts.credentials?.username).toBe('paris')
    expect(readXml(partsOf(found)[1]?.content ?? '').attributes.entity).toBe('pres:+33199000100@192.0.2.20')
  })
})
