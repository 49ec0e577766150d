import { expect, test } from 'vitest'
import { createReceiver } from '../../../src/media/rtp/receiver.js'
import { createNegotiation } from '../../../src/media/sdp/negotiation.js'
import { keyClip } from '../../../src/media/sound/clip.js'
import { rtpPacket } from '../../support/media/raw-rtp.js'
import { createManualClock } from '../../support/process/manual-clock.js'

interface Sender {
  /** What it sends between two presses of 5: nothing, for 100 ms of its timestamps, or comfort noise (RFC 3389). */
  readonly between?: 'nothing' | 'comfort noise'
  /** The first packet after a pause has the marker bit (RFC 3551 §4.1). */
  readonly marks?: boolean
  /** Of its timestamps, per packet of 160 samples. */
  readonly step?: number
  /** A packet of each press is lost. */
  readonly loses?: boolean
}

/** The keys heard of 5, 5 as tones of 100 ms, from a sender that sends no silence. */
function heardFrom({ between = 'nothing', marks = true, step = 160, loses = false }: Sender): string {
  const clock = createManualClock()
  const from = { address: '198.51.100.7', port: 4000 }
  const negotiation = createNegotiation('192.0.2.10', 20_000)
  negotiation.answer('v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 13\r\n')
  let heard = ''
  const receiver = createReceiver({ clock, signalling: from.address, onPress: ({ key }) => (heard += key) })
  receiver.follow(negotiation)
  const { ulaw } = keyClip('5', 100, 0)
  let [sequence, timestamp] = [100, 8_000]
  const send = (payloadType: number, payload: Uint8Array, marker: boolean, isLost = false): void => {
    if (!isLost) receiver.hear(rtpPacket({ payloadType, sequence, timestamp, payload, ssrc: 7, marker }), from)
    sequence += 1
    timestamp += step
    clock.advance(20)
  }
  for (const press of [1, 2]) {
    for (let at = 0; at < ulaw.length; at += 160) send(0, ulaw.subarray(at, at + 160), marks && at === 0, loses && at === 320)
    if (press === 2) return heard
    if (between === 'comfort noise') send(13, Uint8Array.of(60), false)
    timestamp += 800
    clock.advance(100)
  }
  return heard
}

test.each<[title: string, sender: Sender, heard: string]>([
  ['a pause without packets, then the marker', {}, '55'],
  ['a pause without packets and without the marker', { marks: false }, '55'],
  ['comfort noise in the pause', { between: 'comfort noise', marks: false }, '55'],
  ['a lost packet inside each press', { loses: true }, '55'],
  ['a lost packet inside each press, without the marker', { loses: true, marks: false }, '55'],
  ['timestamps that advance by too much in every packet', { step: 480, marks: false }, '55'],
  ['timestamps that stand still in every packet', { step: 0 }, '55'],
])('Two presses of one key, as tones of a sender with silence suppression: %s', (_, sender, heard) => {
  expect(heardFrom(sender)).toBe(heard)
})
