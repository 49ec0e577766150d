import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import {
  answerChallenge,
  type Challenge,
  type Credentials,
  chooseChallenge,
  type DigestAlgorithm,
  digestResponse,
  isRightResponse,
  nonceCount,
  parseChallenge,
  parseCredentials,
  printChallenge,
  printCredentials,
} from '../../../src/sip/auth/digest.js'

const nothing = Buffer.alloc(0)
const challenge: Challenge = { realm: 'hotdesk.example', nonce: 'n0', algorithm: 'SHA-256', qop: ['auth'], opaque: null, stale: false }

function credentials(text: string): Credentials {
  const parsed = parseCredentials(text)
  if (!parsed) throw new Error(`no credentials: ${text}`)
  return parsed
}

describe('worked examples', () => {
  test.each([
    [
      'RFC 2617 §3.5, MD5',
      'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
      'Circle Of Life',
    ],
    [
      'RFC 7616 §3.9.1, MD5',
      'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="8ca523f5e9506fed4657c9700eebdbec", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
      'Circle of Life',
    ],
    [
      'RFC 7616 §3.9.1, SHA-256',
      'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
      'Circle of Life',
    ],
  ])('%s', (_, text, password) => {
    const given = credentials(text)
    expect(digestResponse(given, { password: new Secret(password), method: 'GET', body: nothing })).toBe(given.response)
    expect(isRightResponse(given, { password: new Secret(password), method: 'GET', body: nothing })).toBe(true)
    expect(isRightResponse(given, { password: new Secret(`${password}x`), method: 'GET', body: nothing })).toBe(false)
    expect(isRightResponse(given, { password: new Secret(password), method: 'POST', body: nothing })).toBe(false)
  })

  test('RFC 2069: without qop, neither nc nor cnonce enters the digest', () => {
    const bare = answerChallenge(
      { ...challenge, algorithm: 'MD5', qop: [] },
      {
        username: 'HD0001',
        password: new Secret('pw'),
        method: 'REGISTER',
        uri: 'sip:hotdesk.example',
        body: nothing,
        cnonce: 'c',
        count: 1,
      },
    )
    expect(bare).toMatchObject({ qop: null, nc: null, cnonce: null, response: '54f74594ee1e2c1be3692e002eb23f47' })
    expect(nonceCount(bare)).toBe(1)
  })
})

describe('RFC 7616 §3.4.2, session algorithms, with values computed by another program', () => {
  test.each([
    ['MD5-sess', 'auth', '0a40e41ee6ef80847940325d26eedd9a'],
    ['SHA-256-sess', 'auth-int', '964d472a6d887396668cb4d30f890e049e60b8a308b6e0ff61ee45feafd26378'],
    ['SHA-512-256-sess', 'auth', '0249c615ae25f2eef375ea9d4b9123ad519a0d91428426dc7c846e94d8e96709'],
  ] as const)('%s with qop %s', (algorithm, qop, response) => {
    const needs = {
      username: 'HD0001',
      password: new Secret('pw'),
      method: 'INVITE',
      uri: 'sip:b',
      body: Buffer.from('v=0'),
      cnonce: 'c1',
      count: 10,
    }
    expect(answerChallenge({ ...challenge, algorithm, qop: [qop] }, needs).response).toBe(response)
  })
})

const algorithms: readonly DigestAlgorithm[] = ['MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess', 'SHA-512-256', 'SHA-512-256-sess']
const ways = algorithms.flatMap((algorithm) =>
  [[], ['auth'], ['auth-int']].map((qop): [DigestAlgorithm, Challenge['qop']] => [algorithm, qop as Challenge['qop']]),
)

describe('the server accepts what the client computes', () => {
  test.each(ways)('%s with qop %j', (algorithm, qop) => {
    const parsed = parseChallenge(printChallenge({ ...challenge, algorithm, qop, opaque: 'o"p', stale: true }))
    expect(parsed).toEqual({ ...challenge, algorithm, qop, opaque: 'o"p', stale: true })
    const input = { password: new Secret('s3cret'), method: 'INVITE', body: Buffer.from('v=0') }
    const made = answerChallenge(parsed ?? challenge, {
      ...input,
      username: 'HD "1"',
      uri: 'sip:101@hotdesk.example',
      cnonce: 'c1',
      count: 10,
    })
    const read = credentials(printCredentials(made))
    expect(read).toEqual(made)
    expect(isRightResponse(read, input)).toBe(true)
    expect(isRightResponse(read, { ...input, password: new Secret('other') })).toBe(false)
    expect(isRightResponse(read, { ...input, body: Buffer.from('v=1') })).toBe(qop[0] !== 'auth-int')
    expect(nonceCount(read)).toBe(qop.length === 0 ? 1 : 10)
  })

  test('a response in capitals is equal; one of another length is wrong, without an error', () => {
    const input = { password: new Secret('pw'), method: 'INVITE', body: nothing }
    const made = answerChallenge(challenge, { ...input, username: 'a', uri: 'sip:b', cnonce: 'c', count: 1 })
    expect(isRightResponse({ ...made, response: made.response.toUpperCase() }, input)).toBe(true)
    for (const response of ['', 'ä', made.response.slice(1), `${made.response}0`])
      expect(isRightResponse({ ...made, response }, input)).toBe(false)
  })

  test('a password outside ASCII is hashed as UTF-8 (RFC 7616 §4)', () => {
    const made = answerChallenge(
      { ...challenge, algorithm: 'MD5' },
      { username: 'a', password: new Secret('pä'), method: 'INVITE', uri: 'sip:b', body: nothing, cnonce: 'c', count: 1 },
    )
    expect(made.response).toBe('8808f6af327f907f2348f7a0c904970e')
  })
})

describe('RFC 8760 §2.4, several challenges', () => {
  test('the first supported one is used', () => {
    const values = [
      'Basic realm="x"',
      'Digest realm="x", nonce="1", algorithm=SHA3-512',
      'Digest realm="x", nonce="2", algorithm=SHA-256, qop="token"',
      'Digest realm="x", nonce="3", algorithm=SHA-256, qop="auth"',
      'Digest realm="x", nonce="4"',
    ]
    expect(chooseChallenge(values)?.nonce).toBe('3')
    expect(chooseChallenge(values.slice(0, 3))).toBeNull()
  })

  test('auth is preferred to auth-int, and unknown values are ignored', () => {
    const parsed = parseChallenge('digest REALM=x , Nonce = "1" ,QOP="token, auth-int ,AUTH"')
    expect(parsed).toEqual({ realm: 'x', nonce: '1', algorithm: 'MD5', qop: ['auth-int', 'auth'], opaque: null, stale: false })
    expect(
      parsed &&
        answerChallenge(parsed, {
          username: 'a',
          password: new Secret('b'),
          method: 'INVITE',
          uri: 'sip:c',
          body: nothing,
          cnonce: 'd',
          count: 1,
        }).qop,
    ).toBe('auth')
  })
})

describe('malformed', () => {
  test.each([
    '',
    'Digest',
    'Digest ',
    'Digest realm',
    'Digest realm=',
    'Digest realm="x',
    'Digest nonce="1"',
    'Digest realm="x"',
    'Digest realm="x" nonce="1"',
    'Digest realm="x",,nonce="1"',
    'Digest realm="x",nonce="1",realm="y"',
    'Digest realm="x",nonce="1",',
    'Basic realm="x", nonce="1"',
  ])('not a challenge: %j', (text) => {
    expect(parseChallenge(text)).toBeNull()
  })

  const good = 'Digest username="a", realm="b", nonce="c", uri="sip:d", response="e"'
  test.each([
    'Basic dXNlcjpwYXNz',
    good.replace('username="a", ', ''),
    good.replace(', uri="sip:d"', ''),
    `${good}, qop=auth`,
    `${good}, qop=auth, nc=00000001`,
    `${good}, qop=auth, cnonce="x", nc=1`,
    `${good}, qop=auth, cnonce="x", nc=0000000g`,
    `${good}, qop=other, cnonce="x", nc=00000001`,
    `${good}, algorithm=other`,
  ])('not credentials: %s', (text) => {
    expect(parseCredentials(good)).not.toBeNull()
    expect(parseCredentials(text)).toBeNull()
  })

  test('missing and superfluous quotes are accepted', () => {
    expect(
      parseCredentials('Digest username=a,realm=b,nonce=c==,uri=sip:d,response=e,algorithm="MD5",qop="auth",nc="00000001",cnonce=x'),
    ).toMatchObject({ username: 'a', nonce: 'c==', uri: 'sip:d', qop: 'auth', nc: '00000001' })
  })
})
