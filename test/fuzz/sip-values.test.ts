import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Secret } from '../../src/base/secret.js'
import {
  answerChallenge,
  type DigestAlgorithm,
  isRightResponse,
  parseChallenge,
  parseCredentials,
  printChallenge,
  printCredentials,
  type Qop,
} from '../../src/sip/auth/digest.js'
import { parseDate } from '../../src/sip/headers/date.js'
import { nameAddr, parseNameAddr, printNameAddr } from '../../src/sip/headers/name-addr.js'
import { parseVia, printVia } from '../../src/sip/headers/via.js'
import { parseInteger } from '../../src/sip/syntax/integer.js'
import { splitList } from '../../src/sip/syntax/list.js'
import { quote, unquote } from '../../src/sip/syntax/quoted-string.js'
import { isUri, parseUri, printUri } from '../../src/sip/uri/uri.js'
import { sameUri } from '../../src/sip/uri/uri-equality.js'
import { decodeUser, encodeUser } from '../../src/sip/uri/user-part.js'

const runs = { numRuns: 3000 }

/** Text of the pieces that grammars are made of: far more often almost right than random text is. */
const pieces = [
  'sip:',
  'sips:',
  'tel:',
  'SIP/2.0/UDP ',
  'Digest ',
  '<',
  '>',
  '"',
  '\\',
  ';',
  ',',
  ':',
  '@',
  '=',
  '?',
  '&',
  '%41',
  '%',
  '[',
  ']',
  '::1',
  '[2001:db8::1]',
  '192.0.2.1',
  'a.example',
  ':5060',
  'tag',
  'branch=z9hG4bK1',
  'lr',
  'realm="a"',
  'nonce="b"',
  ' ',
  '\t',
  '/',
  '+1-2',
  '*',
  '#',
  'é',
  '\0',
]
const text = fc.oneof(
  fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), { maxLength: 12 }).map((list) => list.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
)
const token = fc.stringMatching(/^[A-Za-z0-9.!%*_+`'~-]{1,12}$/)
const wireText = fc.string({ maxLength: 30 })
const parameters = fc
  .uniqueArray(
    fc.tuple(
      token.map((name) => name.toLowerCase()),
      fc.option(fc.oneof(token, wireText.map(quote))),
    ),
    { selector: ([name]) => name, maxLength: 4 },
  )
  .map((entries) => new Map(entries))
const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6())
const user = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 15 })
const uri = fc
  .tuple(user, host, fc.option(fc.nat(65_535)))
  .map(
    ([name, address, port]) =>
      `sip:${encodeUser(name)}@${address.includes(':') ? `[${address}]` : address}${port === null ? '' : `:${port}`}`,
  )

test('no text makes a parser throw, and a well-formed URI is parsed', () => {
  fc.assert(
    fc.property(text, (value) => {
      for (const parse of [parseUri, parseVia, parseNameAddr, parseChallenge, parseCredentials, parseDate, splitList, unquote, decodeUser])
        parse(value)
      parseInteger(value, 255)
      if (isUri(value, 0, value.length)) expect(parseUri(value)).not.toBeNull()
    }),
    runs,
  )
})

test('a parsed URI prints as an equal URI', () => {
  fc.assert(
    fc.property(fc.oneof(uri, text), (value) => {
      const parsed = parseUri(value)
      if (!parsed) return
      expect(parseUri(printUri(parsed))).toEqual(parsed)
      expect(sameUri(value, printUri(parsed))).toBe(true)
    }),
    runs,
  )
})

test('every user part survives being written into a URI', () => {
  fc.assert(
    fc.property(user, host, (name, address) => {
      const written = `sip:${encodeUser(name)}@${address.includes(':') ? `[${address}]` : address}`
      const parsed = parseUri(written)
      expect(parsed).toMatchObject({ kind: 'sip', host: address })
      expect(parsed?.kind === 'sip' && decodeUser(parsed.user ?? '')).toBe(name)
    }),
    runs,
  )
})

test('a printed address is parsed as the same address', () => {
  fc.assert(
    fc.property(uri, wireText, parameters, (address, display, params) => {
      const value = nameAddr(address, display, params)
      expect(parseNameAddr(printNameAddr(value))).toEqual(value)
      expect(splitList(`${printNameAddr(value)}, ${printNameAddr(value)}`)).toEqual([printNameAddr(value), printNameAddr(value)])
    }),
    runs,
  )
})

test('a parsed address prints as an equal address', () => {
  fc.assert(
    fc.property(text, (value) => {
      const parsed = parseNameAddr(value)
      if (parsed) expect(parseNameAddr(printNameAddr(parsed))).toEqual(parsed)
    }),
    runs,
  )
})

test('a printed Via is parsed as the same Via', () => {
  fc.assert(
    fc.property(token, host, fc.option(fc.nat(65_535)), parameters, (transport, address, port, params) => {
      const value = { protocol: 'SIP/2.0', transport: transport.toUpperCase(), host: address, port, params }
      expect(parseVia(printVia(value))).toEqual({ ...value, branch: params.get('branch') ?? '' })
    }),
    runs,
  )
})

test('credentials made for a challenge are right for its password alone', () => {
  const algorithm = fc.constantFrom<DigestAlgorithm[]>('MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess', 'SHA-512-256', 'SHA-512-256-sess')
  const qop = fc.constantFrom<(readonly Qop[])[]>([], ['auth'], ['auth-int'], ['auth', 'auth-int'])
  fc.assert(
    fc.property(
      wireText,
      wireText,
      algorithm,
      qop,
      wireText,
      fc.uint8Array({ maxLength: 20 }),
      (realm, username, kind, offered, password, bytes) => {
        const printed = printChallenge({ realm, nonce: 'n', algorithm: kind, qop: offered, opaque: null, stale: false })
        const challenge = parseChallenge(printed)
        if (!challenge) throw new Error(`no challenge: ${printed}`)
        const input = { password: new Secret(password), method: 'INVITE', body: Buffer.from(bytes) }
        const made = printCredentials(answerChallenge(challenge, { ...input, username, uri: 'sip:a.example', cnonce: 'c', count: 1 }))
        const read = parseCredentials(made)
        if (!read) throw new Error(`no credentials: ${made}`)
        expect(read.username).toBe(username)
        expect(isRightResponse(read, input)).toBe(true)
        expect(isRightResponse(read, { ...input, password: new Secret(`${password}x`) })).toBe(false)
      },
    ),
    { numRuns: 500 },
  )
})
