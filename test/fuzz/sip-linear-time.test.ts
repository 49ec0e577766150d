import { describe, expect, test } from 'vitest'
import { parseChallenge, parseCredentials } from '../../src/sip/auth/digest.js'
import { parseDate } from '../../src/sip/headers/date.js'
import { parseNameAddr } from '../../src/sip/headers/name-addr.js'
import { parseVia } from '../../src/sip/headers/via.js'
import { collapseBlanks } from '../../src/sip/message/collapse-blanks.js'
import { createFramer } from '../../src/sip/parser/framer.js'
import { parseMessage } from '../../src/sip/parser/parser.js'
import { splitList } from '../../src/sip/syntax/list.js'
import { quote, unquote } from '../../src/sip/syntax/quoted-string.js'
import { parseUri } from '../../src/sip/uri/uri.js'
import { sameUri } from '../../src/sip/uri/uri-equality.js'
import { decodeUser, encodeUser } from '../../src/sip/uri/user-part.js'
import { expectLinear, limit, numbered, ratioOf, times } from '../support/process/growth.js'

const rest = 'Call-ID: x\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n'
const good = {
  via: 'Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n',
  from: 'From: <sip:a@b.example>;tag=1\r\n',
  to: 'To: <sip:c@d.example>\r\n',
}
const invite = (header: string, { via, from, to } = good): string =>
  `INVITE sip:a@b.example SIP/2.0\r\n${via}${from}${to}${rest}${header}\r\n`

/** Fields up to 8 KB and messages up to 64 KB are looked into, so sizes stay below that. */
const fields: Readonly<Record<string, (size: number) => string>> = {
  'blanks before From': (size) => invite('', { ...good, from: `From:${times(' ', size)}<sip:a@b.example>;tag=1\r\n` }),
  'blanks within From': (size) => invite('', { ...good, from: `From: a${times(' ', size)}<sip:a@b.example>;tag=1\r\n` }),
  'blanks behind From': (size) => invite('', { ...good, from: `From: <sip:a@b.example>;tag=1${times(' ', size)}x\r\n` }),
  'words in a display name': (size) => invite('', { ...good, from: `From: ${times('a ', size)}\r\n` }),
  'escaped quotes': (size) => invite('', { ...good, from: `From: "${times('\\"', size)}\r\n` }),
  folds: (size) => invite(`Subject: a${times('\r\n ', size)}\r\n`),
  parameters: (size) => invite('', { ...good, from: `From: <sip:a@b.example>${numbered((index) => `;p${index}=1`, size)}\r\n` }),
  'the same parameter': (size) => invite('', { ...good, from: `From: <sip:a@b.example>${times(';a', size)}\r\n` }),
  'URI parameters': (size) => invite('', { ...good, to: `To: <sip:a@b.example${numbered((index) => `;p${index}=1`, size)}>\r\n` }),
  'open brackets': (size) => invite('', { ...good, to: `To: ${times('<', size)}\r\n` }),
  'Vias in one field': (size) => invite('', { ...good, via: `Via: a${times(',SIP/2.0/UDP a', size)}\r\n` }),
  'labels of a host': (size) => invite('', { ...good, via: `Via: SIP/2.0/UDP ${times('a.', size)}1\r\n` }),
  'a long number': (size) => invite(`Content-Length: ${times('0', size)}\r\n`),
  'a long Call-ID': (size) => invite('', { ...good, via: `Call-ID: ${times('a', size)}@\r\n${good.via}` }),
  'a long name': (size) => invite(`${times('a', size)}: x\r\n`),
  'a name without a colon': (size) => invite(`${times('a', size)}\r\n`),
}

const messages: Readonly<Record<string, (size: number) => string>> = {
  'header lines': (size) => invite(times('a:\r\n', size)),
  'header lines that are none': (size) => invite(times('a\r\n', size)),
  'lines that end with LF': (size) => invite(times('a:\n', size)),
  'carriage returns': (size) => invite(times('\r', size)),
  'line ends before it': (size) => times('\r\n', size) + invite(''),
  'Via fields': (size) => invite('', { ...good, via: times(good.via, size) }),
  'Contact fields': (size) => invite(times('Contact: <sip:a@b.example>\r\n', size)),
  'Contact fields without brackets': (size) => invite(times('Contact: sip:b.example\r\n', size)),
  'compact names': (size) => invite(times('k:\r\n', size)),
  'no line end at all': (size) => times('a', size),
  'a long Request-URI': (size) => `INVITE sip:${times('a', size)} SIP/2.0\r\n${good.via}\r\n`,
  'blanks in the request line': (size) => `INVITE ${times(' ', size)}SIP/2.0\r\n${good.via}\r\n`,
}

describe('the time for a message grows linearly with its size, whatever it contains', () => {
  const parse = (make: (size: number) => string) => (size: number) => {
    const bytes = Buffer.from(make(size), 'latin1')
    return (): void => void parseMessage(bytes)
  }

  test.each(Object.entries(fields))('%s', (_, make) => {
    expectLinear(parse(make), 900)
  })

  test.each(Object.entries(messages))('%s', (_, make) => {
    expectLinear(parse(make), 7500)
  })
})

describe('the time for a stream grows linearly with its size, however it arrives', () => {
  const stream = (pieceSize: number, make: (size: number) => string) => (size: number) => {
    const bytes = Buffer.from(make(size), 'latin1')
    return (): void => {
      const framer = createFramer()
      for (let at = 0; at < bytes.length; at += pieceSize) framer.push(bytes.subarray(at, at + pieceSize))
    }
  }

  test.each(
    Object.entries({
      ...messages,
      pings: (size: number) => times('\r\n', size),
      'small messages': (size: number) => times('A b SIP/2.0\r\nl:0\r\n\r\n', size),
    }),
  )('%s', (_, make) => {
    expectLinear(stream(65_536, make), 7500)
    expectLinear(stream(5, make), 7500)
  })
})

/** Values are parsed by others too, without a limit. */
const values: Readonly<Record<string, readonly [(text: string) => unknown, (size: number) => string]>> = {
  'a URI of semicolons': [parseUri, (size) => `sip:a@b${times(';x', size)}`],
  'a URI of parameters': [parseUri, (size) => `sip:a@b${numbered((index) => `;p${index}`, size)}`],
  'a URI of headers': [parseUri, (size) => `sip:a@b?a=b${times('&a=b', size)}`],
  'a URI of colons': [parseUri, (size) => `sip:${times(':', size)}`],
  'a URI of at-signs': [parseUri, (size) => `sip:${times('a@', size)}`],
  'a URI of escapes': [parseUri, (size) => `sip:${times('%41', size)}%4`],
  'a URI of brackets': [parseUri, (size) => `sip:[${times(':', size)}]`],
  'a telephone number of brackets': [parseUri, (size) => `tel:${times('(', size)}x`],
  'an address of quotes': [parseNameAddr, (size) => times('"', size)],
  'an address of words': [parseNameAddr, (size) => times('a ', size)],
  'a Via of blanks': [parseVia, (size) => `SIP/2.0/UDP a${times(' ', size)}:${times(' ', size)}x`],
  'a list of commas': [splitList, (size) => times(',', size)],
  'a list of quotes': [splitList, (size) => times('",', size)],
  'a list of brackets': [splitList, (size) => times('<,', size)],
  'a list of blanks': [splitList, (size) => `a${times(' ', size)},${times(' ', size)}b`],
  'a quoted string of backslashes': [unquote, (size) => `"${times('\\', size)}"`],
  'text to quote': [quote, (size) => times('"\r\n', size)],
  'blanks to collapse': [(text) => collapseBlanks(Buffer.from(text, 'latin1')), (size) => `${times(' \t', size)}${times('\r\n ', size)}`],
  'a user part of per cent signs': [decodeUser, (size) => times('%', size)],
  'a user part to encode': [encodeUser, (size) => times('#', size)],
  'a comparison of parameters': [(text) => sameUri(text, `${text};z`), (size) => `sip:a@b${numbered((index) => `;p${index}=%41`, size)}`],
  'a challenge of parameters': [parseChallenge, (size) => `Digest realm=a${numbered((index) => `,p${index}=b`, size)}`],
  'credentials of quotes': [parseCredentials, (size) => `Digest realm="${times('\\"', size)}`],
  'a challenge of qop words': [parseChallenge, (size) => `Digest realm=a,nonce=b,qop="${times('x, ', size)}"`],
  'a date of blanks': [parseDate, (size) => `Sat,${times(' ', size)}`],
}

describe('the time for a value grows linearly with its size', () => {
  test.each(Object.entries(values))('%s', (_, [parse, make]) => {
    expectLinear((size) => {
      const text = make(size)
      return (): void => void parse(text)
    }, 12_000)
  })
})

test('this test can fail: a quadratic parser is detected', () => {
  const run = (size: number) => {
    const text = `a${times(' ', size)}b`
    return (): void => void /\s+$/.test(text)
  }
  // Where the machine is busy during the small input alone, even this looks good once.
  const ratios = Array.from({ length: 5 }, () => ratioOf(run(400), run(3200)))
  expect(Math.max(...ratios)).toBeGreaterThan(limit)
}, 60_000)
