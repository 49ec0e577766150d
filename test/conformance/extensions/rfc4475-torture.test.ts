import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Via } from '../../../src/sip/headers/via.js'
import { isRfc3261Branch } from '../../../src/sip/ids.js'
import { createResponse } from '../../../src/sip/message/builder.js'
import type { SipMessage } from '../../../src/sip/message/message.js'
import { createFramer } from '../../../src/sip/parser/framer.js'
import { type ParsedMessage, parseMessage } from '../../../src/sip/parser/parser.js'
import { fromWireText } from '../../../src/sip/syntax/wire-text.js'
import { parseUri, schemeOf } from '../../../src/sip/uri/uri.js'
import { decodeUser } from '../../../src/sip/uri/user-part.js'

/** See `expected.json`: the outcome of each message, and its values or its defect. */
interface Expected {
  readonly section: string
  readonly about: string
  readonly outcome: 'message' | 'malformed'
  /** The status a malformed request is answered with; null where nothing is answered. */
  readonly answer?: number | null
  readonly why?: string
  /** The outcome in the layers above the parser. */
  readonly then?: string
  readonly reads?: Reads
}

interface Party {
  readonly display: string
  readonly uri: string
  readonly tag: string
}

interface Reads {
  readonly method?: string
  readonly uri?: string
  readonly uriScheme?: string
  readonly decodedUser?: string
  readonly status?: number
  readonly reason?: string
  readonly utf8Reason?: string
  readonly vias?: readonly string[]
  readonly viaCount?: number
  readonly lastVia?: string
  readonly isRfc3261Branch?: boolean
  readonly from?: Party
  readonly to?: Party
  readonly callId?: string
  readonly cseq?: string
  readonly contacts?: readonly string[]
  readonly contactParams?: readonly string[]
  readonly first?: Readonly<Record<string, string>>
  readonly list?: Readonly<Record<string, readonly string[]>>
  readonly utf8?: Readonly<Record<string, string>>
  readonly bodyBytes?: number
  /** The reason why the printed message differs from the received one; without it they must be equal. */
  readonly changed?: string
}

const folder = new URL('../../fixtures/torture/', import.meta.url)
const expected = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as Readonly<Record<string, Expected>>
const names = readdirSync(folder).filter((name) => name.endsWith('.dat'))

function bytesOf(name: string): Buffer {
  return readFileSync(new URL(`${name}.dat`, folder))
}

function messageOf(result: ParsedMessage): SipMessage {
  if (result.outcome !== 'message') throw new Error(`no message: ${JSON.stringify(result)}`)
  return result.message
}

const showVia = ({ transport, host, branch }: Via): string => `${transport} ${host} ${branch}`

/** Everything that a test may expect, so that a name in the table that means nothing is an error. */
function readingsOf(message: SipMessage, asked: Reads): Reads {
  const request = message.kind === 'request' ? message : null
  const uri = request && parseUri(request.uri)
  const pick = ({ display, uri: address, tag }: Party): Party => ({ display, uri: address, tag })
  const each = <Value>(wanted: Readonly<Record<string, Value>> | undefined, read: (name: string) => Value): Record<string, Value> =>
    Object.fromEntries(Object.keys(wanted ?? {}).map((name) => [name, read(name)]))
  const readings: Required<Reads> = {
    method: request?.method ?? '',
    uri: request?.uri ?? '',
    uriScheme: schemeOf(request?.uri ?? ''),
    decodedUser: uri?.kind === 'sip' ? decodeUser(uri.user ?? '') : '',
    status: message.kind === 'response' ? message.status : 0,
    reason: message.kind === 'response' ? message.reason : '',
    utf8Reason: message.kind === 'response' ? fromWireText(message.reason) : '',
    vias: message.vias.map(showVia),
    viaCount: message.vias.length,
    lastVia: showVia(message.vias.at(-1) ?? message.topVia).replace(/ [^ ]*$/, ''),
    isRfc3261Branch: isRfc3261Branch(message.topVia.branch),
    from: pick(message.from),
    to: pick(message.to),
    callId: message.callId,
    cseq: `${message.cseq.number} ${message.cseq.method}`,
    contacts: message.contacts.map((contact) => contact.uri),
    contactParams: message.contacts.flatMap((contact) => [...contact.params.keys()]),
    first: each(asked.first, (name) => message.first(name) ?? '(none)'),
    list: each(asked.list, (name) => message.list(name)),
    utf8: each(asked.utf8, (name) => fromWireText(message.first(name) ?? '(none)')),
    bodyBytes: message.body.length,
    changed: asked.changed ?? '',
  }
  return Object.fromEntries(Object.keys(asked).map((key) => [key, readings[key as keyof Reads]]))
}

test('the table holds all 49 messages of RFC 4475, and the folder holds no other', () => {
  expect(names.map((name) => name.replace('.dat', '')).sort()).toEqual(Object.keys(expected).sort())
  expect(names).toHaveLength(49)
})

describe.each(Object.entries(expected).filter(([, { outcome }]) => outcome === 'message'))('%s', (name, { section, about, reads = {} }) => {
  test(`RFC 4475 §${section}: ${about}: ${section.startsWith('3.1.2') ? 'MAY' : 'MUST'} be understood`, () => {
    const message = messageOf(parseMessage(bytesOf(name)))
    expect(Object.keys(reads)).not.toHaveLength(0)
    expect(readingsOf(message, reads)).toEqual(reads)
  })

  test(`is printed byte for byte as it came${reads.changed === undefined ? '' : `, but for ${reads.changed}`}, and understood again`, () => {
    const bytes = bytesOf(name)
    const message = messageOf(parseMessage(bytes))
    const printed = message.toBuffer()
    expect(printed.equals(bytes)).toBe(reads.changed === undefined)
    const again = messageOf(parseMessage(printed))
    expect(again.names()).toEqual(reads.changed === 'Content-Length is added' ? [...message.names(), 'Content-Length'] : message.names())
    expect(again.body.equals(message.body)).toBe(true)
  })
})

const malformed = Object.entries(expected).filter(([, { outcome }]) => outcome === 'malformed')

test.each(malformed)('%s (RFC 4475 §3.1.2 and §3.3): MUST NOT be accepted as valid', (name, { answer = null, why = '(none)' }) => {
  const result = parseMessage(bytesOf(name))
  if (result.outcome !== 'malformed') throw new Error(`taken for ${result.outcome}`)
  expect(result.reason).toContain(why)
  expect(result.request === null).toBe(answer === null)
  if (answer !== null) expect(result.status).toBe(answer)
})

test.each(malformed.filter(([, { answer }]) => typeof answer === 'number'))(
  '%s: the response copies those of Via, From, To, Call-ID and CSeq that the request has',
  (name) => {
    const result = parseMessage(bytesOf(name))
    if (result.outcome !== 'malformed' || !result.request) throw new Error('cannot be answered')
    const response = createResponse(result.request, result.status, result.reason, 'totag')
    const { request } = result
    expect(response.all('Via')).toEqual(request.all('Via'))
    for (const header of ['From', 'Call-ID', 'CSeq']) expect(response.all(header)).toEqual(request.all(header).slice(0, 1))
    expect(response.all('To').map((value) => value.replace(';tag=totag', ''))).toEqual(request.all('To').slice(0, 1))
    expect(response.toBuffer().toString('latin1')).toMatch(/^SIP\/2\.0 (400|505) [^\r]+\r\nVia/i)
  },
)

test('RFC 4475 §3.1.1.8: on a stream the two requests of dblreq are two messages', () => {
  const frames = createFramer().push(bytesOf('dblreq'))
  const messages = frames.flatMap((frame) => (frame.kind === 'message' ? [messageOf(parseMessage(frame.bytes))] : []))
  expect(messages.map((message) => (message.kind === 'request' ? message.method : message.status))).toEqual(['REGISTER', 'INVITE'])
})

test.each(names)('%s: one byte at a time through a stream, the message is the same', (file) => {
  const bytes = readFileSync(new URL(file, folder))
  const whole = createFramer().push(bytes)
  const framer = createFramer()
  const frames = [...bytes].flatMap((byte) => framer.push(Buffer.of(byte)))
  // Where a stream breaks off, how much of the rest is at hand depends on the pieces.
  const shown = (list: typeof whole): unknown =>
    list.map((frame) => (frame.kind === 'message' ? frame.bytes.toString('latin1') : frame.kind))
  expect(shown(frames)).toEqual(shown(whole))
})
