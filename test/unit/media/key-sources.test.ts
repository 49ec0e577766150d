import { describe, expect, test } from 'vitest'
import { writeTelephoneEvent } from '../../../src/media/dtmf/telephone-event.js'
import { eventOfKey } from '../../../src/media/key.js'
import type { Key } from '../../../src/media/media.js'
import { createReceiver, type Receiver } from '../../../src/media/rtp/receiver.js'
import { createNegotiation, type Negotiation } from '../../../src/media/sdp/negotiation.js'
import { keyClip } from '../../../src/media/sound/clip.js'
import { rtpPacket } from '../../support/media/raw-rtp.js'
import { createManualClock, type ManualClock } from '../../support/process/manual-clock.js'

const sources = {
  phone: { address: '198.51.100.7', port: 4000, ssrc: 1 },
  phonesOtherPort: { address: '198.51.100.7', port: 4444, ssrc: 1 },
  nat: { address: '203.0.113.1', port: 33_000, ssrc: 1 },
  natsNextPort: { address: '203.0.113.1', port: 33_777, ssrc: 1 },
  neighbourBehindNat: { address: '203.0.113.1', port: 33_999, ssrc: 4 },
  stranger: { address: '192.0.2.66', port: 4000, ssrc: 2 },
  onThisMachine: { address: '127.0.0.1', port: 4000, ssrc: 1 },
  anotherProgram: { address: '127.0.0.1', port: 4999, ssrc: 5 },
  secondStranger: { address: '192.0.2.67', port: 4000, ssrc: 3 },
}
type Source = keyof typeof sources

interface Call {
  /** The address and port in the description. */
  readonly described: string
  readonly signalling: string | null
}

const noNat: Call = { described: '198.51.100.7', signalling: '198.51.100.7' }
const nat: Call = { described: '192.168.1.20', signalling: '203.0.113.1' }
const natUnknown: Call = { described: '192.168.1.20', signalling: null }
/** The phone runs on the machine of the node, and sends to 127.0.0.1 from 127.0.0.1. */
const sameHost: Call = { described: '192.0.2.10', signalling: '192.0.2.10' }
const proxied: Call = { described: '198.51.100.7', signalling: '198.51.100.200' }

/**
 * `phone 1` presses a key as an event, `phone ~1` as a tone; `phone =50` sends 50 packets of audio, `phone -50` of comfort noise, `phone !50`
 * 50 packets at once; `phone <1` and `phone >1` send the first and the second 20 ms of a tone; `wait 3000` passes time; `moved` is a re-INVITE
 * with another address.
 */
function keysHeard(call: Call, story: string): string {
  const clock = createManualClock()
  const negotiation = createNegotiation('192.0.2.10', 20_000)
  let heard = ''
  const receiver = createReceiver({
    clock,
    signalling: call.signalling,
    ownAddresses: () => new Set(['192.0.2.10', '127.0.0.1']),
    onPress: ({ key }) => (heard += key),
  })
  describeFarEnd(negotiation, receiver, call.described)
  const act = createActor(clock, receiver)
  for (const step of story.split(',')) {
    const [who = '', what = ''] = step.trim().split(' ')
    if (who === 'wait') clock.advance(Number(what))
    else if (who === 'moved') describeFarEnd(negotiation, receiver, what)
    else act(who as Source, what)
  }
  return heard
}

function describeFarEnd(negotiation: Negotiation, receiver: Receiver, address: string): void {
  const lines = ['v=0', `o=- 1 1 IN IP4 ${address}`, 's=-', `c=IN IP4 ${address}`, 't=0 0', 'm=audio 4000 RTP/AVP 0 13 101']
  expect(negotiation.answer([...lines, 'a=rtpmap:101 telephone-event/8000', ''].join('\r\n'))).toBe('answered')
  receiver.follow(negotiation)
}

function createActor(clock: ManualClock, receiver: Receiver): (who: Source, what: string) => void {
  const sequences = new Map<number, number>()
  const send = (who: Source, payloadType: number, payload: Uint8Array): void => {
    const { ssrc, ...from } = sources[who]
    const sequence = (sequences.get(ssrc) ?? ssrc * 1_000) + 1
    sequences.set(ssrc, sequence)
    receiver.hear(rtpPacket({ payloadType, sequence, timestamp: sequence * 160, payload, ssrc }), from)
  }
  const stream = (who: Source, count: number, paceMs: number, packet: () => readonly [number, Uint8Array]): void => {
    for (let sent = 0; sent < count; sent += 1) {
      send(who, ...packet())
      clock.advance(paceMs)
    }
  }
  const silence = new Uint8Array(160).fill(0xff)
  return (who, what) => {
    const [kind, rest] = [what[0], what.slice(1)]
    if (kind === '=') stream(who, Number(rest), 20, () => [0, silence])
    else if (kind === '!') stream(who, Number(rest), 0, () => [0, silence])
    else if (kind === '-') stream(who, Number(rest), 20, () => [13, Uint8Array.of(60)])
    else if (kind === '~' || kind === '<' || kind === '>') {
      const { ulaw } = keyClip(rest as Key, 100, 60)
      const [from, to] = kind === '~' ? [0, ulaw.length] : kind === '<' ? [0, 160] : [160, 320]
      for (let at = from; at < to; at += 160) stream(who, 1, 20, () => [0, ulaw.subarray(at, at + 160)])
    } else stream(who, 1, 200, () => [101, writeTelephoneEvent({ event: eventOfKey(what as Key), end: true, duration: 800 })])
  }
}

const rows: readonly (readonly [title: string, call: Call, story: string, heard: string])[] = [
  ['a phone that presses keys and sends no audio', noNat, 'phone 1, phone 2', '12'],
  ['a phone that presses keys first and speaks later', noNat, 'phone 1, phone =50, phone 2', '12'],
  ['a phone that sends from another port than it describes', noNat, 'phonesOtherPort =20, phonesOtherPort 1', '1'],
  ['the same, pressing keys in the first moment', noNat, 'phonesOtherPort 1, phonesOtherPort =20, phonesOtherPort 2', '12'],
  ['a phone behind NAT', nat, 'nat =20, nat 1, nat 2', '12'],
  ['a phone behind NAT that presses keys in the first moment', nat, 'nat =2, nat 1, nat =20, nat 2', '12'],
  ['a phone behind NAT that sends comfort noise', nat, 'nat -20, nat 1', '1'],
  ['a phone behind NAT that is silent after its first audio', nat, 'nat =12, wait 20000, nat 1', '1'],
  ['a phone behind NAT whose port changes', nat, 'nat =20, nat 1, wait 3000, natsNextPort 2', '12'],
  ['a phone behind NAT whose SIP source is unknown', natUnknown, 'nat =20, nat 1', '1'],
  ['a phone whose SIP comes through a proxy', proxied, 'phone 1, phone =20, phone 2', '12'],
  ['a phone that sends tones', noNat, 'phone ~1, phone ~2', '12'],
  ['a phone behind NAT that sends tones', nat, 'nat =20, nat ~1, nat ~2', '12'],
  ['a phone that has moved by a re-INVITE', proxied, 'phone 1, moved 203.0.113.1, nat =20, nat 2', '12'],
  ['a phone on this machine that sends from loopback', sameHost, 'onThisMachine =20, onThisMachine 1, onThisMachine 2', '12'],
  ['the same, pressing keys in the first moment', sameHost, 'onThisMachine 1, onThisMachine =20, onThisMachine 2', '12'],

  ['a stranger before a phone on this machine', sameHost, 'stranger =50, stranger 9, onThisMachine =20, onThisMachine 1, stranger 8', '1'],
  ['a stranger for a phone on this machine, and alone', sameHost, 'stranger =50, stranger 9, stranger =50', ''],
  [
    'another program beside a phone on this machine',
    sameHost,
    'onThisMachine =20, onThisMachine 1, anotherProgram =50, anotherProgram 9',
    '1',
  ],
  ['a program on this machine that presses keys and sends no audio', sameHost, 'onThisMachine 9, onThisMachine 8', ''],
  ['a program on this machine for a phone elsewhere', noNat, 'onThisMachine =50, onThisMachine 9, onThisMachine =50', ''],
  ['a stranger before the phone’s first packet', noNat, 'stranger 9, stranger 9, phone 1, phone =20, stranger 8, phone 2', '12'],
  ['a stranger who presses keys and is alone', noNat, 'stranger 9, wait 3000, stranger 8', ''],
  ['a stranger who also speaks, and is alone', noNat, 'stranger =50, stranger 9, stranger =50, stranger 8', ''],
  ['a stranger with tones', noNat, 'stranger =50, stranger ~9, stranger ~8', ''],
  ['a stranger before a phone behind NAT', nat, 'stranger 9, stranger 8, nat =20, nat 1, stranger 7, nat 2', '12'],
  ['a stranger who speaks before a phone behind NAT', nat, 'stranger =20, nat =20, nat 1, stranger 7, nat 2', '12'],
  ['a stranger who speaks in a burst', natUnknown, 'stranger !50, stranger 9, nat =20, nat 1', '1'],
  ['a stranger who presses keys long before speaking', natUnknown, 'stranger 9, wait 6000, stranger =20', ''],
  ['a stranger on the address of the phone', noNat, 'phonesOtherPort 9, phone 1, phonesOtherPort 8, phone 2', '12'],
  ['a neighbour behind the same NAT', nat, 'neighbourBehindNat 9, neighbourBehindNat 8, nat =20, nat 1, neighbourBehindNat 7', '1'],
  ['a stranger during the phone’s silence', nat, 'nat =20, nat 1, wait 30000, stranger =50, stranger 9, nat 2', '12'],
  ['two strangers and no phone', noNat, 'stranger 9, secondStranger 8, stranger =20, secondStranger =20', ''],
  ['never two sources: one that has typed, then a more certain one', proxied, 'stranger =20, stranger 9, phone 1, phone =20, phone 2', '9'],
  ['a tone of one source, then audio of another', nat, 'stranger ~9, nat =20', ''],
  ['half a tone of each source', nat, 'stranger <9, nat >9, nat =20', ''],
  ['both halves of one source', nat, 'nat <9, nat >9, nat =20', '9'],
]

describe('whose keys count', () => {
  test.each(rows)('%s', (_title, call, story, heard) => {
    expect(keysHeard(call, story)).toBe(heard)
  })
})
