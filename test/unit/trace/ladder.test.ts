import { describe, expect, it } from 'vitest'
import { createConversation, createLadder, outcomeWords, type TracedMessage } from '../../../src/trace/trace.js'

const plain = (text: string): string => text
const paint = { strong: plain, faint: plain, good: plain, bad: plain, key: plain }

const phone = '192.0.2.7:5062'
const paris = '10.0.0.1:5060'
const london = '10.1.0.1:5060'
const callee = '198.51.100.9:5060'
const sdp = (address: string): string =>
  `v=0\r\no=- 1 1 IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n`

interface Sent {
  readonly start: string
  readonly about?: string
  readonly callId?: string
  readonly branch?: string
  readonly headers?: readonly string[]
  readonly body?: string
}

function text({ start, about = 'INVITE', callId = 'a', branch = '1', headers = [], body = '' }: Sent): string {
  return [
    start,
    `Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK${branch}`,
    'From: <sip:HD0001@hotdesk>;tag=f',
    'To: <sip:101@hotdesk>',
    `Call-ID: ${callId}`,
    `CSeq: 1 ${about}`,
    ...headers,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')
}

/** A message as a node reports it. */
function seen(at: number, way: 'in' | 'out', [local, remote, peer]: readonly [string, string, string | null], sent: Sent): TracedMessage {
  return { number: at, at: 1_000_000 + at, way, protocol: 'udp', local, remote, peer, callId: sent.callId ?? 'a', text: text(sent) }
}

const toAlice = [paris, phone, 'HD0001'] as const
const toLondon = [paris, london, 'node london-1'] as const
const toParis = [london, paris, 'node paris-1'] as const
const toBob = [london, callee, 'HD0003'] as const
const invite: Sent = { start: 'INVITE sip:101@hotdesk SIP/2.0', body: sdp('192.0.2.7'), headers: ['Content-Type: application/sdp'] }
const hop: Sent = { ...invite, callId: 'b', branch: '2' }
const last: Sent = { ...invite, start: 'INVITE sip:HD0003@198.51.100.9 SIP/2.0', callId: 'c', branch: '3' }
const busy = (sent: Sent): Sent => ({ ...sent, start: 'SIP/2.0 486 Busy Here', body: '', headers: [] })

const refusedCall: readonly (readonly [string, TracedMessage])[] = [
  ['paris-1', seen(0, 'in', toAlice, invite)],
  ['paris-1', seen(1, 'out', toAlice, { ...invite, start: 'SIP/2.0 100 Trying', body: '', headers: [] })],
  ['paris-1', seen(12, 'out', toLondon, hop)],
  ['london-1', seen(20, 'in', toParis, hop)],
  ['london-1', seen(30, 'out', toBob, last)],
  ['london-1', seen(530, 'out', toBob, last)],
  ['london-1', seen(2_000, 'in', toBob, busy(last))],
  ['london-1', seen(2_003, 'out', toParis, busy(hop))],
  ['paris-1', seen(2_010, 'in', toLondon, busy(hop))],
  ['paris-1', seen(2_020, 'out', toAlice, busy(invite))],
]

function arrowsOf(sightings: readonly (readonly [string, TracedMessage])[]) {
  const conversation = createConversation()
  return sightings.flatMap(([node, message]) => conversation.add(node, message) ?? [])
}

const drawn = (width: number, sightings = refusedCall): string[] =>
  createLadder({ width: () => width, paint, detail: 'short' }).draw(arrowsOf(sightings))

describe('the ladder', () => {
  it('shows a call over two nodes in 80 columns, with each message between the nodes once and retransmissions marked', () => {
    expect(drawn(80)).toEqual([
      '               HD0001           paris-1         london-1          HD0003',
      '              192.0.2.7        10.0.0.1         10.1.0.1       198.51.100.9',
      '                :5062            :5060            :5060            :5060',
      '                  │                │                │                │',
      '    0.000         │─ INVITE 101 ──>│                │                │',
      '                  │ audio 192.0.2.7:4000 PCMA DTMF  │                │',
      '    0.001         │<── 100 Trying ─│                │                │',
      '    0.012         │                │─ INVITE 101 ──>│                │',
      '                  │                │ audio 192.0.2.7:4000 PCMA DTMF  │',
      '    0.030         │                │                │ INVITE HD0003 >│',
      '                  │                │              audio 192.0.2.7:4000 PCMA DTMF',
      '    0.530         │                │                │ INVITE again ─>│',
      '                  │                │              audio 192.0.2.7:4000 PCMA DTMF',
      '                  │                │                │                │',
      '    2.000         │                │                │< 486 Busy Here │',
      '    2.003         │                │< 486 Busy Here │                │',
      '    2.020         │< 486 Busy Here │                │                │',
    ])
  })

  it.each([60, 80, 100, 140, 200])('never exceeds %d columns', (width) => {
    for (const line of drawn(width)) expect(line.length).toBeLessThanOrEqual(width)
  })

  it('uses a wider terminal for longer texts', () => {
    expect(drawn(140).join('\n')).toContain('│──── INVITE HD0003 again ─────>│')
    expect(drawn(140).join('\n')).toContain('198.51.100.9:5060')
  })

  it('repeats the names when a party joins, and drops the party that was silent longest when there is no more room', () => {
    const ladder = createLadder({ width: () => 54, paint, detail: 'short' })
    const [first, , second, , third] = arrowsOf(refusedCall)
    expect(ladder.draw(first ? [first] : [])[0]).toMatch(/HD0001 +paris-1$/)
    expect(ladder.draw(second ? [second] : [])[1]).toMatch(/HD0001 +paris-1 +london-1$/)
    expect(ladder.draw(third ? [third] : [])).not.toContain(/HD0001/)
  })

  it('shows whole messages on demand', () => {
    const lines = createLadder({ width: () => 80, paint, detail: 'full' }).draw(arrowsOf(refusedCall.slice(0, 1)))
    expect(lines.slice(4, 7)).toEqual([
      '  HD0001 192.0.2.7:5062 > paris-1 10.0.0.1:5060 over udp',
      '    INVITE sip:101@hotdesk SIP/2.0',
      '    Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1',
    ])
  })

  it('shows a message that cannot be parsed', () => {
    const broken = { ...seen(0, 'in', toAlice, invite), text: 'INVITE sip:101@hotdesk SIP/2.0\r\nnothing else\r\n\r\n' }
    expect(drawn(100, [['paris-1', broken]]).at(-1)).toContain('malformed')
  })
})

describe('the sentences at the end', () => {
  const words = (sightings: readonly (readonly [string, TracedMessage])[]): string[] => outcomeWords(arrowsOf(sightings))
  const ok: Sent = { ...invite, start: 'SIP/2.0 200 OK' }
  const bye: Sent = { start: 'BYE sip:101@hotdesk SIP/2.0', about: 'BYE', branch: '9' }
  const register = (branch: string, ...headers: readonly string[]): Sent => ({
    start: 'REGISTER sip:hotdesk SIP/2.0',
    about: 'REGISTER',
    branch,
    headers,
  })
  const response = (line: string, branch: string): Sent => ({ start: `SIP/2.0 ${line}`, about: 'REGISTER', branch })
  const proof = 'Authorization: Digest username="HD0001", response="xxxx"'

  it.each([
    ['a refusal', refusedCall, 'HD0001 called 101: refused 486 Busy Here by HD0003'],
    [
      'an answered call',
      [
        ['paris-1', seen(0, 'in', toAlice, invite)],
        ['paris-1', seen(3_000, 'out', toAlice, ok)],
      ],
      'HD0001 called 101: answered after 3.0 s, in progress',
    ],
    [
      'a call that the callee has ended',
      [
        ['paris-1', seen(0, 'in', toAlice, invite)],
        ['paris-1', seen(3_000, 'out', toAlice, ok)],
        ['london-1', seen(9_000, 'in', toBob, { ...bye, callId: 'c' })],
        ['paris-1', seen(9_010, 'out', toAlice, bye)],
      ],
      'HD0001 called 101: answered after 3.0 s, ended after 6.0 s by HD0003',
    ],
    [
      'silence',
      [
        ['paris-1', seen(0, 'in', toAlice, invite)],
        ...[1, 501, 1_501, 3_501].map((at) => ['london-1', seen(at, 'out', toBob, last)] as const),
      ],
      'HD0001 called 101: no final response so far; HD0003 has not responded to INVITE, sent 4 times',
    ],
    [
      'a registration',
      [
        ['paris-1', seen(0, 'in', toAlice, register('1'))],
        ['paris-1', seen(1, 'out', toAlice, response('401 Unauthorized', '1'))],
        ['paris-1', seen(2, 'in', toAlice, register('2', proof))],
        ['paris-1', seen(3, 'out', toAlice, response('200 OK', '2'))],
      ],
      'HD0001 registered at paris-1: accepted',
    ],
    [
      'a wrong password',
      [
        ['paris-1', seen(2, 'in', toAlice, register('2', proof))],
        ['paris-1', seen(3, 'out', toAlice, response('401 Unauthorized', '2'))],
      ],
      'HD0001 registered at paris-1: refused 401, because its password or user name is wrong',
    ],
    [
      'a phone without credentials',
      [
        ['paris-1', seen(2, 'in', toAlice, register('2'))],
        ['paris-1', seen(3, 'out', toAlice, response('401 Unauthorized', '2'))],
      ],
      'HD0001 registered at paris-1: was asked for its password and has not sent it',
    ],
    [
      'a refused registration',
      [
        ['paris-1', seen(2, 'in', toAlice, register('2', proof))],
        ['paris-1', seen(3, 'out', toAlice, response('403 Forbidden', '2'))],
      ],
      'HD0001 registered at paris-1: refused 403 Forbidden',
    ],
  ] as const)('tell of %s', (_what, sightings, sentence) => {
    expect(words(sightings)).toEqual([sentence])
  })
})
