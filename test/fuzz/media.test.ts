import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createOutgoingStream } from '../../src/media/rtp/outgoing-stream.js'
import { createReceiver } from '../../src/media/rtp/receiver.js'
import { createReception } from '../../src/media/rtp/reception.js'
import { createRtcp } from '../../src/media/rtp/rtcp.js'
import { createNegotiation } from '../../src/media/sdp/negotiation.js'
import { createManualClock } from '../support/process/manual-clock.js'

const from = { address: '192.0.2.1', port: 4000 }

function receiver() {
  const negotiation = createNegotiation('192.0.2.10', 20_000)
  negotiation.offer()
  const opened = createReceiver({ clock: createManualClock(), onPress: () => undefined })
  opened.follow(negotiation)
  return opened
}

/** Bytes that are nearly RTP: a plausible start, then anything. */
const packets = fc
  .tuple(
    fc.constantFrom(0x80, 0x90, 0xa0, 0x8f, 0xbf, 0x00),
    fc.constantFrom(0, 8, 13, 101, 128, 200, 201, 203),
    fc.uint8Array({ maxLength: 200 }),
  )
  .map(([first, second, rest]) => Buffer.from([first, second, ...rest]))

test('no datagram disturbs the receiver', () => {
  const opened = receiver()
  fc.assert(
    fc.property(fc.oneof(packets, fc.uint8Array({ maxLength: 64 }).map(Buffer.from)), (datagram) => {
      opened.hear(datagram, from)
    }),
    { numRuns: 20_000 },
  )
})

test('no datagram disturbs RTCP', () => {
  const rtcp = createRtcp({ stream: createOutgoingStream(), reception: createReception(), cname: 'a' })
  fc.assert(
    fc.property(packets, (datagram) => {
      rtcp.hear(datagram, 0)
    }),
    { numRuns: 20_000 },
  )
})

const lines = fc.constantFrom(
  'c=IN IP4 192.0.2.1',
  'c=IN IP6 ::1',
  'c=',
  'm=audio 4000 RTP/AVP 0 8 101',
  'm=audio 4000 RTP/AVP',
  'm=audio 4000',
  'm=audio 4000/2 RTP/AVP 0',
  'm=video 1 UDP/TLS/RTP/SAVPF 96',
  'm=',
  'a=rtpmap:101 telephone-event/8000',
  'a=rtpmap:0',
  'a=rtpmap:',
  'a=sendonly',
  'a=inactive',
  'a=rtcp:x',
  'a=rtcp:70000',
  'a=rtcp:1 IN IP4 192.0.2.1',
  'a=fmtp:101 0-16',
  't=0 0',
  'o=',
)

test('every session description gets an answer with the same number of m= lines, or is refused with a reason', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: lines }, fc.string()), { maxLength: 12 }), (chosen) => {
      const offer = ['v=0', ...chosen, ''].join('\r\n')
      const negotiation = createNegotiation('192.0.2.10', 20_000)
      const outcome = negotiation.answer(offer)
      expect(['answered', 'no-common-codec', 'malformed']).toContain(outcome)
      if (outcome !== 'answered') return
      const count = (text: string): number => text.split(/\r\n/).filter((line) => line.startsWith('m=')).length
      expect(count(negotiation.localSdp)).toBe(count(offer))
      expect(createNegotiation('192.0.2.20', 30_000).answer(negotiation.localSdp)).toMatch(/answered|no-common-codec/)
    }),
    { numRuns: 5_000 },
  )
})
