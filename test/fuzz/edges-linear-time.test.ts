import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { parseDuration } from '../../src/base/clock.js'
import { parseListenAddress } from '../../src/base/listen-address.js'
import { readCsv } from '../../src/cli/exchange/file/csv.js'
import { readYaml } from '../../src/config/yaml/yaml-schema.js'
import { matches, parsePattern } from '../../src/dialplan/pattern.js'
import { readLogin } from '../../src/hotdesk/replies.js'
import { createInfoKeys } from '../../src/ivr/dtmf-info.js'
import { createNegotiation } from '../../src/media/sdp/negotiation.js'
import { changeContacts } from '../../src/registrar/register/contact-changes.js'
import { readPath } from '../../src/registrar/register/path.js'
import { readIntent } from '../../src/registrar/register/register-request.js'
import { parseSessionExpires } from '../../src/sip/headers/session-expires.js'
import { createResponse } from '../../src/sip/message/builder.js'
import type { SipRequest } from '../../src/sip/message/message.js'
import { parseMessage } from '../../src/sip/parser/parser.js'
import { splitList } from '../../src/sip/syntax/list.js'
import { dialled } from '../../src/sip/uri/dialled.js'
import { readClientMessage } from '../../src/sipd/admin/client-message.js'
import { createFrameReader } from '../../src/sipd/admin/frame.js'
import { composeResponse } from '../../src/sipd/core/compose.js'
import { flowOfRequest } from '../../src/sipd/core/dialogs/flow-choice.js'
import { pathTo } from '../../src/sipd/core/dialogs/route-set.js'
import { agree } from '../../src/sipd/core/session/session-terms.js'
import { allowsOrigin } from '../../src/sipd/transport/web/origin.js'
import { normalizedText } from '../../src/trunks/pidf-lo.js'
import { expectLinear, numbered, times } from '../support/process/growth.js'

/** Every other door through which text of strangers comes: session descriptions, INFO, REGISTER, the admin wire, files, replies. */

/** The parser of drachtio-srf, which reads every message once more. */
const SipMessage = createRequire(import.meta.url)('drachtio-srf/lib/sip-parser/message.js') as new (text: string) => object

const flow = {
  protocol: 'udp',
  remote: { address: '192.0.2.1', port: 5060 },
  local: { address: '192.0.2.10', port: 5060 },
  advertised: { address: '192.0.2.10', port: 5060 },
  connection: null,
} as const

const rest =
  'From: <sip:a@b.example>;tag=1\r\nTo: <sip:c@d.example>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:a@b>\r\n'
const via = 'Via: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n'

function invite(headers: string): SipRequest {
  const parsed = parseMessage(Buffer.from(`INVITE sip:a@b.example SIP/2.0\r\n${via}${headers}${rest}\r\n`, 'latin1'))
  if (parsed.outcome !== 'message' || parsed.message.kind !== 'request') throw new Error('not a request')
  return parsed.message
}

const headers: Readonly<Record<string, (size: number) => string>> = {
  Vias: (size) => times(via, size),
  'Record-Routes': (size) => times('Record-Route: <sip:p.example;lr>\r\n', size),
  'parameters of a Record-Route': (size) =>
    `Record-Route: <sip:p.example;lr${numbered((index) => `;p${index}`, Math.min(size, 7_000))}>\r\n`,
  'session timers': (size) => times('Session-Expires: 1800;refresher=uac\r\n', size),
  extensions: (size) => times('Supported: timer, 100rel\r\n', size),
  'unknown headers': (size) => numbered((index) => `X-${index}: a\r\n`, size),
}

describe('the SIP server handles a request in a time that grows linearly with its size', () => {
  test.each(Object.entries(headers))('%s', (_, make) => {
    expectLinear((size) => {
      const request = invite(make(size))
      return () => {
        const answer = { kind: 'response', status: 200, reason: 'OK', fields: [], body: Buffer.alloc(0) } as const
        composeResponse(answer, { request: request.clone(), tag: 'x', kind: 'dialog', hop: flow })
        const response = createResponse(request, 200, undefined, 'x')
        agree(request, response)
        response.toBuffer()
        pathTo('sip:a@b', request.list('Record-Route'))
        flowOfRequest(request, flow)
      }
    }, 6_000)
  })

  test.each(Object.entries(headers))('%s, in drachtio-srf', (_, make) => {
    expectLinear((size) => {
      const text = invite(make(size)).toBuffer().toString('latin1')
      return () => new SipMessage(text)
    }, 6_000)
  })
})

const limits = { minExpires: 60, maxExpires: 3600, defaultExpires: 3600 }
const origin = { callId: 'x', cseq: 1, flow: '', userAgent: '', digest: 'MD5' } as const

function register(contact: string): void {
  const request = { header: (name: string) => (name === 'contact' ? contact : '') } as Parameters<typeof readIntent>[0]
  const intent = readIntent(request, limits)
  if (intent.kind === 'refusal' || intent.kind === 'fetch') return
  changeContacts([], { device: 'HD0001', node: 'paris-1', intent, origin, now: 0 } as unknown as Parameters<typeof changeContacts>[1])
}

const sdp = (lines: string): string => `v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n${lines}`
const frames = (bytes: Buffer, piece: number): void => {
  const reader = createFrameReader()
  for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.subarray(at, at + piece))
}

const doors: Readonly<Record<string, readonly [(text: string) => unknown, (size: number) => string, size?: number]>> = {
  'INFO of line ends': [(text) => createInfoKeys().read('application/dtmf-relay', text), (size) => times('\r\n', size)],
  'INFO of blanks': [(text) => createInfoKeys().read('application/dtmf-relay', text), (size) => times('signal \t', size)],
  'INFO of names': [(text) => createInfoKeys().read('audio/telephone-event', text), (size) => times('event \t', size)],
  'INFO of digits': [(text) => createInfoKeys().read('application/vnd.nortelnetworks.digits', text), (size) => times('d \t', size)],
  'INFO of blanks alone': [(text) => createInfoKeys().read('application/dtmf', text), (size) => `${times(' ', size)}x`],
  'an offer of m= lines': [
    (text) => createNegotiation('192.0.2.1', 4_000).answer(text),
    (size) => sdp(times('m=audio 4000 RTP/AVP 0\r\n', size)),
    1_900,
  ],
  'an offer of codecs': [
    (text) => createNegotiation('192.0.2.1', 4_000).answer(text),
    (size) => sdp(`m=audio 4000 RTP/AVP ${times('0 ', size)}\r\n`),
    1_900,
  ],
  'an offer of rtpmaps': [
    (text) => createNegotiation('192.0.2.1', 4_000).answer(text),
    (size) => sdp(`m=audio 4000 RTP/AVP 0\r\n${numbered((index) => `a=rtpmap:${index % 128} PCMU/8000\r\n`, size)}`),
    1_900,
  ],
  'an offer of candidates': [
    (text) => createNegotiation('192.0.2.1', 4_000).answer(text),
    (size) => sdp(`m=audio 4000 RTP/AVP 0\r\n${times('a=candidate:1 1 udp 1 192.0.2.1 4000 typ host\r\n', size)}`),
    1_900,
  ],
  'an offer of line ends': [(text) => createNegotiation('192.0.2.1', 4_000).answer(text), (size) => sdp(times('\r\n', size)), 1_900],
  'REGISTER with contacts': [register, (size) => `${numbered((index) => `<sip:a${index}@b.example>,`, size)}<sip:z@b>`],
  'REGISTER that removes contacts': [register, (size) => `${numbered((index) => `<sip:a${index}@b.example>;expires=0,`, size)}<sip:z@b>`],
  'a number of dots': [dialled, (size) => `sip:${times('1.-', size)}@b.example`],
  'a session timer of parameters': [parseSessionExpires, (size) => `1800${times(';refresher= ', size)}`],
  'a list of options': [splitList, (size) => times('timer ,', size)],
  'a command of header lines': [readClientMessage, (size) => `SIP/2.0 200 OK\r\n${times('X-A: b\r\n', size)}\r\n`],
  'a command of folds': [readClientMessage, (size) => `SIP/2.0 200 OK\r\nX-A: b${times('\r\n \t', size)}\r\n\r\n`],
  'a command of lines without a colon': [readClientMessage, (size) => `SIP/2.0 200 OK\r\n${times('a\r\n', size)}\r\n`],
  'frames of the admin wire': [(text) => frames(Buffer.from(text), 65_536), (size) => times('3#abc', size)],
  'frames in small pieces': [(text) => frames(Buffer.from(text), 7), (size) => times('30#abcabcabcabcabcabcabcabcabcabc', size)],
  'the Origin of a web page': [
    (text) => allowsOrigin({ headers: { origin: text, host: 'a' } }, []),
    (size) => `https://${times('a.', size)}`,
  ],
  'a location of blanks': [normalizedText, (size) => `a${times(' \u0001', size)}b`],
  'a duration': [parseDuration, (size) => times('1', size)],
  'a listen address': [parseListenAddress, (size) => `udp://${times('1.', size)}:`],
  'a number and a pattern': [
    (text) => matches(parsePattern('0X.') ?? { text: '', positions: [], open: true }, text),
    (size) => times('0', size),
  ],
  'a reply of Redis': [(text) => readLogin(`MOVED HD0001 ${text}`), (size) => times(' ', size)],
  'YAML of blanks': [(text) => readYaml(text, 'x'), (size) => `a: b${times(' ', size)}# c`],
  'YAML of keys': [(text) => readYaml(text, 'x'), (size) => numbered((index) => `k${index}: v\n`, size), 1_000],
  'YAML of brackets': [(text) => readYaml(text, 'x'), (size) => times('[', Math.min(size, 400)), 50],
  'YAML of a long text': [(text) => readYaml(text, 'x'), (size) => `a: |\n${times('  b\n', size)}`],
  'CSV of lines': [(text) => readCsv(text, 'x'), (size) => `extension,name\n${numbered((index) => `${index},a\n`, size)}`, 2_000],
  'CSV of quotes': [(text) => readCsv(text, 'x'), (size) => `extension,name\n1,"${times('""', size)}`],
  'CSV of commas': [(text) => readCsv(text, 'x'), (size) => `extension,name\n1${times(',', size)}`],
}

describe('the time for text at every other entry grows linearly with its size', () => {
  test.each(Object.entries(doors))('%s', (_, [read, make, size = 7_500]) => {
    expectLinear((length) => {
      const text = make(length)
      return () => void read(text)
    }, size)
  })
})

test('a Path of any length is refused before it is read', () => {
  expect(readPath(times('<sip:a;lr>, ', 60_000))).toMatchObject({ status: 400 })
  expect(readPath(times('"', 60_000))).toMatchObject({ status: 400 })
})

test('REGISTER with 2,000 contacts is refused before they are compared', () => {
  const contacts = numbered((index) => `<sip:a${index}@b.example>,`, 60_000)
  const intent = readIntent(
    { header: (name: string) => (name === 'contact' ? `${contacts}<sip:z@b>` : '') } as Parameters<typeof readIntent>[0],
    limits,
  )
  if (intent.kind === 'refusal' || intent.kind === 'fetch') throw new Error(intent.kind)
  const needs = { device: 'HD0001', node: 'paris-1', intent, origin, now: 0 } as unknown as Parameters<typeof changeContacts>[1]
  expect(changeContacts([], needs)).toMatchObject({ status: 400 })
})
