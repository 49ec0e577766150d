import { expect, test } from 'vitest'
import { createReceiver } from '../../../src/media/rtp/receiver.js'
import { createNegotiation } from '../../../src/media/sdp/negotiation.js'
import { rtpPacket } from '../../support/media/raw-rtp.js'
import { createManualClock } from '../../support/process/manual-clock.js'

const phone = { address: '198.51.100.7', port: 4000 }

interface Sent {
  readonly payloadType: number
  readonly payload: readonly number[]
}

/** The keys heard from these packets, 200 ms apart, in a call with this m= line. */
function heard(media: string, packets: readonly Sent[]): string {
  const clock = createManualClock()
  const negotiation = createNegotiation('192.0.2.10', 20_000)
  const lines = ['v=0', 'o=- 1 1 IN IP4 198.51.100.7', 's=-', 'c=IN IP4 198.51.100.7', 't=0 0', ...media.split('|'), '']
  expect(negotiation.answer(lines.join('\r\n'))).toBe('answered')
  let keys = ''
  const receiver = createReceiver({ clock, onPress: ({ key }) => (keys += key) })
  receiver.follow(negotiation)
  packets.forEach(({ payloadType, payload }, index) => {
    clock.advance(200)
    const numbers = { sequence: 1 + index * 10, timestamp: index * 1_600 }
    receiver.hear(rtpPacket({ payloadType, payload: Uint8Array.from(payload), ...numbers }), phone)
  })
  return keys
}

const agreed = 'm=audio 4000 RTP/AVP 0 101|a=rtpmap:101 telephone-event/8000'
const withoutEvents = 'm=audio 4000 RTP/AVP 0'
const five = [5, 0x8a, 0x03, 0x20]

test.each([
  ['the agreed one', agreed, [101]],
  ['another one than was agreed', agreed, [96]],
  ['one that changes', agreed, [101, 96, 127]],
  ['any, though events were not agreed', withoutEvents, [101]],
  ['the one agreed for other rates', 'm=audio 4000 RTP/AVP 0 100|a=rtpmap:100 telephone-event/48000', [100]],
] as const)('An event counts by payload type: %s', (_title, media, types) => {
  const packets = types.map((payloadType) => ({ payloadType, payload: five }))
  expect(heard(media, packets)).toBe('5'.repeat(types.length))
})

test.each([
  ['a static payload type', { payloadType: 18, payload: five }],
  ['more than four bytes', { payloadType: 97, payload: [...five, ...five] }],
  ['fewer than four bytes', { payloadType: 97, payload: [5, 0x8a, 3] }],
  ['an event that is not a key', { payloadType: 97, payload: [16, 0x8a, 3, 0x20] }],
  ['comfort noise with a dynamic type', { payloadType: 97, payload: [60, 0x8a, 3, 0x20] }],
  ['the reserved bit', { payloadType: 97, payload: [5, 0xca, 3, 0x20] }],
  ['four zeros, the filler that SIPp sends before the first press', { payloadType: 97, payload: [0, 0, 0, 0] }],
  ['the codec that was agreed', { payloadType: 98, payload: five }],
])('A packet that may not be an event does not count: %s', (_title, packet) => {
  expect(heard('m=audio 4000 RTP/AVP 98 101|a=rtpmap:98 PCMU/8000|a=rtpmap:101 telephone-event/8000', [packet])).toBe('')
})
