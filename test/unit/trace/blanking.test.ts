import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blank } from '../../../src/trace/blanking/blank.js'

/** A site where 101 is a user, 112 an emergency number, and numbers from 0 or + lead outside. */
const isShown = (digits: string): boolean => /^(?:101|112|[0+]\d+|\*21\*101#)$/.test(digits)

const message = (...lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`

describe('a traced message', () => {
  it.each([
    ['INVITE sip:4711@hotdesk SIP/2.0', 'INVITE sip:xxxx@hotdesk SIP/2.0'],
    ['INVITE sip:*77*100*4711@hotdesk;user=phone SIP/2.0', 'INVITE sip:xxxx@hotdesk;user=phone SIP/2.0'],
    ['INVITE sip:%2A77%2A100%2A4711@hotdesk SIP/2.0', 'INVITE sip:xxxx@hotdesk SIP/2.0'],
    ['INVITE sip:47-11@hotdesk SIP/2.0', 'INVITE sip:xxxx@hotdesk SIP/2.0'],
    ['INVITE tel:4711;phone-context=hotdesk SIP/2.0', 'INVITE tel:xxxx;phone-context=hotdesk SIP/2.0'],
    ['INVITE sip:4711 SIP/2.0', 'INVITE sip:xxxx SIP/2.0'],
    ['INVITE 4711 SIP/2.0', 'INVITE xxxx SIP/2.0'],
    ['INVITE sip:101@hotdesk SIP/2.0', 'INVITE sip:101@hotdesk SIP/2.0'],
    ['INVITE sip:112@hotdesk SIP/2.0', 'INVITE sip:112@hotdesk SIP/2.0'],
    ['INVITE sip:+33612345678@hotdesk SIP/2.0', 'INVITE sip:+33612345678@hotdesk SIP/2.0'],
    ['INVITE sip:HD0001@hotdesk SIP/2.0', 'INVITE sip:HD0001@hotdesk SIP/2.0'],
    ['INVITE sip:192.0.2.7:5060 SIP/2.0', 'INVITE sip:192.0.2.7:5060 SIP/2.0'],
    ['INVITE sip:alice:s3cret@hotdesk SIP/2.0', 'INVITE sip:alice:xxxx@hotdesk SIP/2.0'],
    ['INVITE sip:alice:s3:cr:et@hotdesk SIP/2.0', 'INVITE sip:alice:xxxx@hotdesk SIP/2.0'],
    ['INVITE sip%3A4711@hotdesk SIP/2.0', 'INVITE sip%3Axxxx@hotdesk SIP/2.0'],
    ['INVITE sip:101,,4711@hotdesk SIP/2.0', 'INVITE sip:xxxx@hotdesk SIP/2.0'],
    ['INVITE sip:101p4711@hotdesk SIP/2.0', 'INVITE sip:xxxx@hotdesk SIP/2.0'],
    ['INVITE tel:101;postd=4711 SIP/2.0', 'INVITE tel:101;postd=xxxx SIP/2.0'],
    ['To: "4711" <sip:4711@hotdesk>;tag=1', 'To: "xxxx" <sip:xxxx@hotdesk>;tag=1'],
    ['To: 4711 <sip:4711@hotdesk>;tag=1', 'To: xxxx <sip:xxxx@hotdesk>;tag=1'],
    ['To: "101" <sip:101@hotdesk>;tag=1', 'To: "101" <sip:101@hotdesk>;tag=1'],
    ['To: 4711', 'To: xxxx'],
    ['To: <4711@hotdesk>', 'To: <xxxx@hotdesk>'],
    ['Contact: *', 'Contact: *'],
    ['Contact: <sip:HD0001@192.0.2.7>;reg-id="4711";expires="3600"', 'Contact: <sip:HD0001@192.0.2.7>;reg-id="4711";expires="3600"'],
    ['Contact: <sip:192.0.2.7:5060>, <sip:192.0.2.8>', 'Contact: <sip:192.0.2.7:5060>, <sip:192.0.2.8>'],
    ['Refer-To: <sip:101@hotdesk?To=sip%3A4711%40a>', 'Refer-To: <sip:101@hotdesk?To=sip%3Axxxx%40a>'],
    ['Refer-To: <sip:101@a?Authorization=Digest%20response%3D0123abc>', 'Refer-To: <sip:101@a?Authorization=xxxx>'],
    ['Via: SIP/2.0/WS a;branch=z9hG4bK1;access_token="abc"', 'Via: SIP/2.0/WS a;branch=z9hG4bK1;access_token=xxxx'],
    ['Subject: a\r\n Authorization: Digest response="0123abc"', 'Subject: a Authorization: Digest response="xxxx"'],
    ['X-Authorization: Basic YWxpY2U6czNjcmV0', 'X-Authorization: Basic xxxx'],
    ['Authorization Digest username="HD0001", response="0123abc"', 'Authorization Digest username="HD0001", response="xxxx"'],
    ['To: "Desk" <sip:4711@hotdesk>;tag=1', 'To: "Desk" <sip:xxxx@hotdesk>;tag=1'],
    ['Refer-To: <sip:101@hotdesk?Replaces=1%40a>', 'Refer-To: <sip:101@hotdesk?Replaces=1%40a>'],
    ['Refer-To: <sip:trunk@hotdesk?X-To=sip:4711@a>', 'Refer-To: <sip:trunk@hotdesk?X-To=sip:xxxx@a>'],
    ['Contact: <sip:HD0001@192.0.2.7;pn-prid=abc;ob>', 'Contact: <sip:HD0001@192.0.2.7;pn-prid=xxxx;ob>'],
    ['X-Hotdesk-Passport: 3.abc.def', 'X-Hotdesk-Passport: xxxx'],
    ['Authentication-Info: nextnonce="abc", rspauth="def"', 'Authentication-Info: xxxx'],
    ['Authorization: Basic YWxpY2U6czNjcmV0', 'Authorization: Basic xxxx'],
    ['Proxy-Authorization: Bearer eyJhbGciOi', 'Proxy-Authorization: Bearer xxxx'],
    [
      'Authorization: Digest username="HD0001", realm="hotdesk", nonce="n0nce", uri="sip:4711@hotdesk", response="0123abc", cnonce="c", opaque="o"',
      'Authorization: Digest username="HD0001", realm="hotdesk", nonce="xxxx", uri="sip:xxxx@hotdesk", response="xxxx", cnonce="xxxx", opaque="xxxx"',
    ],
    ['Authorization: Digest broken "response=0123abc', 'Authorization: Digest xxxx'],
    ['AUTHORIZATION : Digest\r\n response="0123abc"', 'AUTHORIZATION : Digest response="xxxx"'],
    [
      'WWW-Authenticate: Digest realm="hotdesk", nonce="n0nce", stale=true',
      'WWW-Authenticate: Digest realm="hotdesk", nonce="xxxx", stale="true"',
    ],
  ])('shows %j as %j', (line, shown) => {
    const isStart = line.startsWith('INVITE')
    expect(blank(isStart ? message(line) : message('SIP/2.0 200 OK', line), isShown)).toBe(
      isStart ? message(shown) : message('SIP/2.0 200 OK', shown),
    )
  })

  it.each([
    ['INFO sip:101@a SIP/2.0', 'application/dtmf-relay', 'Signal=5\r\nDuration=160', 'xxxxxxxx\r\nxxxxxxxxxxxx'],
    ['INFO sip:101@a SIP/2.0', 'application/sdp', 'v=0', 'xxx'],
    ['MESSAGE sip:101@a SIP/2.0', 'text/plain', 'my PIN is 4711', 'xxxxxxxxxxxxxx'],
    ['NOTIFY sip:101@a SIP/2.0', 'application/kpml-response+xml', '<digits>4711', 'xxxxxxxxxxxx'],
    ['NOTIFY sip:101@a SIP/2.0', 'message/sipfrag;version=2.0', 'SIP/2.0 200 OK\r\nTo: <sip:4711@a>', 'SIP/2.0 200 OK\r\nxxxxxxxxxxxxxxxx'],
    ['INVITE sip:101@a SIP/2.0', 'application/sdp', 'v=0\r\na=crypto:1 AES inline:k3y|1', 'v=0\r\na=crypto:1 AES xxxxxxxxxxxx'],
    ['INVITE sip:101@a SIP/2.0', 'application/sdp', 'v=0\r\nk=clear:s3cret\r\na=ice-pwd:abc', 'v=0\r\nk=xxxxxxxxxxxx\r\na=ice-pwd:xxx'],
    ['INVITE sip:101@a SIP/2.0', 'application/sdp', 'v=0\r\n a=crypto :1 AES inline:k3y', 'v=0\r\n a=crypto :1 AES xxxxxxxxxx'],
    [
      'INVITE sip:101@a SIP/2.0',
      'multipart/mixed;boundary="b"',
      '--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b\r\nContent-Type: text/plain\r\nX-A: 1\r\n\r\nPIN 4711\r\n--b--',
      '--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b\r\nContent-Type: text/plain\r\nxxxxxx\r\n\r\nxxxxxxxx\r\n--b--',
    ],
    ['INVITE sip:101@a SIP/2.0', 'multipart/mixed', '--b\r\n\r\nPIN', 'xxx\r\n\r\nxxx'],
    ['NOTIFY sip:101@a SIP/2.0', 'message/sipfrag', 'INVITE sip:4711@a SIP/2.0', 'xxxxxxxxxxxxxxxxxxxxxxxxx'],
    ['INVITE sip:101@a SIP/2.0', 'application/sdp', 'v=0\r\nm=audio 4000 RTP/AVP 8', 'v=0\r\nm=audio 4000 RTP/AVP 8'],
  ])('of %s with %s keeps the length of the body: %j is shown as %j', (start, type, body, shown) => {
    const head = message(start, `Content-Type: ${type}`, `Content-Length: ${body.length}`)
    expect(blank(head + body, isShown)).toBe(head + shown)
  })

  it('never shows a secret, wherever it stands', () => {
    const places = [
      (secret: string) => message(`INVITE sip:${secret}@hotdesk SIP/2.0`, 'To: <sip:101@hotdesk>'),
      (secret: string) => message('INVITE sip:101@hotdesk SIP/2.0', `t: <sip:*77*100*${secret}@hotdesk>`),
      (secret: string) => message('SIP/2.0 404 Not Found', `To: sip:${secret}@hotdesk;tag=1`, 'From: <sip:HD0001@hotdesk>'),
      (secret: string) => message('BYE sip:HD0001@192.0.2.7 SIP/2.0', `From:\r\n <sips:${secret}@hotdesk>;tag=1`),
      (secret: string) => message('REFER sip:101@a SIP/2.0', `Refer-To: <tel:${secret}>`, `Referred-By: <sip:${secret}@a;user=phone>`),
      (secret: string) =>
        message('REGISTER sip:a SIP/2.0', `Authorization: Digest username="HD0001",response=${secret} , cnonce="${secret}"`),
      (secret: string) => message('REGISTER sip:a SIP/2.0', `Proxy-Authorization:Digest response="${secret}`, `Cookie: ${secret}`),
      (secret: string) => `${message('INFO sip:101@a SIP/2.0', 'Content-Type: application/dtmf')}${secret}`,
      (secret: string) => `${message('MESSAGE sip:101@a SIP/2.0', 'c: text/plain')}${secret}`,
      (secret: string) => `${message('SIP/2.0 200 OK', 'CSeq: 7 MESSAGE', 'Content-Type: application/sdp')}v=0 ${secret}`,
      (secret: string) => `${message('INVITE sip:101@a SIP/2.0', 'Content-Type: application/sdp')}v=0\r\na=crypto:2 X inline:${secret}\r\n`,
      (secret: string) => `INVITE sip:101@a SIP/2.0\nTo: <sip:${secret}@a>\n\n`,
    ]
    // Nine digits, so that none of them is found by chance in another part.
    const secrets = fc.integer({ min: 200_000_000, max: 999_999_999 }).map(String)
    fc.assert(
      fc.property(fc.constantFrom(...places), secrets, (place, secret) => {
        expect(blank(place(secret), isShown)).not.toContain(secret)
      }),
      { numRuns: 500 },
    )
  })

  it('is UTF-8 if it was sent as UTF-8', () => {
    const sent = Buffer.from(message('SIP/2.0 200 OK', 'From: "Zoë" <sip:101@a>')).toString('latin1')
    expect(blank(sent, isShown)).toContain('"Zoë"')
  })
})
