import { type ByePacket, CompoundPacket, ReceiverReportPacket, SdesPacket, SenderReportPacket } from 'rtp.js/packets'
import { expect, test } from 'vitest'
import { createOutgoingStream } from '../../../src/media/rtp/outgoing-stream.js'
import { createReception } from '../../../src/media/rtp/reception.js'
import { createRtcp } from '../../../src/media/rtp/rtcp.js'

function parsed(bytes: Uint8Array) {
  return new CompoundPacket(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)).getPackets()
}

function end(cname = 'a@hotdesk') {
  const stream = createOutgoingStream()
  const reception = createReception()
  return { stream, reception, rtcp: createRtcp({ stream, reception, cname }) }
}

/** Packets of a stream, 20 ms apart. */
function arrive(reception: ReturnType<typeof createReception>, sequences: readonly number[], ssrc = 7): string[] {
  return sequences.map((sequence) => reception.arrived({ ssrc, sequence: sequence & 0xffff, timestamp: sequence * 160 }, sequence * 20))
}

test('A sender sends sender reports, others receiver reports, each with a CNAME (RFC 3550 §6.1, §6.4)', () => {
  const { stream, rtcp } = end()
  const [first, name] = parsed(rtcp.report(1_000))
  expect(first).toBeInstanceOf(ReceiverReportPacket)
  expect(name).toBeInstanceOf(SdesPacket)
  expect((name as SdesPacket).getChunks()[0]?.getItems()).toEqual([{ type: 1, text: 'a@hotdesk' }])
  stream.audio(0, () => undefined)
  const [report] = parsed(rtcp.report(1_500))
  expect(report).toBeInstanceOf(SenderReportPacket)
  const sender = report as SenderReportPacket
  expect([sender.getSsrc(), sender.getPacketCount(), sender.getOctetCount()]).toEqual([stream.ssrc, 1, 160])
  expect([sender.getNtpSeconds(), sender.getNtpFraction()]).toEqual([2_208_988_801, 2 ** 31])
  expect(parsed(rtcp.report(2_000))[0]).toBeInstanceOf(ReceiverReportPacket)
})

test('BYE is the last in a compound packet (RFC 3550 §6.1)', () => {
  const { stream, rtcp } = end()
  const packets = parsed(rtcp.bye(1_000))
  expect(packets).toHaveLength(3)
  expect((packets[2] as ByePacket).getSsrcs()).toEqual([stream.ssrc])
})

test('A report contains the losses from the far end, since the last report and in total', () => {
  const reception = createReception()
  expect(reception.report()).toBeNull()
  arrive(reception, [1, 2, 3, 5, 6, 7, 8, 10])
  expect(reception.report()).toMatchObject({
    ssrc: 7,
    fractionLost: Math.floor((2 * 256) / 10),
    totalLost: 2,
    highestSequence: 10,
    jitter: 0,
  })
  arrive(reception, [11, 12])
  expect(reception.report()).toMatchObject({ fractionLost: 0, totalLost: 2, highestSequence: 12 })
})

test('Sequence numbers that wrap at 65535 are not a loss; repeated packets are detected', () => {
  const reception = createReception()
  expect(arrive(reception, [65_534, 65_535, 65_536, 65_536, 65_537])).toEqual(['new', 'new', 'new', 'repeated', 'new'])
  expect(reception.report()).toMatchObject({ totalLost: 0, highestSequence: 65_537 })
})

test('A late packet is not a repetition, a sender that restarts is not a loss', () => {
  const reception = createReception()
  expect(arrive(reception, [1, 3, 2])).toEqual(['new', 'new', 'new'])
  expect(reception.report()?.totalLost).toBe(0)
  arrive(reception, [30_000, 30_001])
  expect(reception.report()).toMatchObject({ totalLost: 0, highestSequence: 30_001 })
  arrive(reception, [5], 8)
  expect(reception.report()?.ssrc).toBe(8)
})

test('Jitter is measured in samples (RFC 3550 §6.4.1)', () => {
  const reception = createReception()
  for (let sequence = 0; sequence < 400; sequence += 1)
    reception.arrived({ ssrc: 7, sequence, timestamp: sequence * 160 }, sequence * 20 + (sequence % 2) * 10)
  expect(reception.report()?.jitter).toBeGreaterThan(75)
  expect(reception.report()?.jitter).toBeLessThanOrEqual(80)
})

test('The far end can measure the round trip: we return the time of its report (RFC 3550 §6.4.1)', () => {
  const far = end()
  const near = end()
  far.stream.audio(0, () => undefined)
  arrive(near.reception, [1, 2])
  expect(near.rtcp.hear(Buffer.from(far.rtcp.report(10_000)), 10_050)).toBe(true)
  const report = (parsed(near.rtcp.report(11_050))[0] as ReceiverReportPacket).getReports()[0]
  expect(report?.getLastSRTimestamp()).toBe((((10 + 2_208_988_800) & 0xffff) << 16) >>> 0)
  expect(report?.getDelaySinceLastSR()).toBe(65_536)
})

test('A packet that is not RTCP is rejected, at any length', () => {
  const { rtcp } = end()
  const whole = Buffer.from(end().rtcp.bye(0))
  for (let length = 0; length < whole.length; length += 1) expect(() => rtcp.hear(Buffer.from(whole.subarray(0, length)), 0)).not.toThrow()
  expect(rtcp.hear(Buffer.from('hello, this is not RTCP'), 0)).toBe(false)
})

test('The far end reports what it has lost of our stream, and nothing about another stream counts', () => {
  const [ours, theirs] = [end(), end()]
  expect(ours.rtcp.reported).toBeNull()
  arrive(theirs.reception, [1, 2, 5], 7)
  ours.rtcp.hear(Buffer.from(theirs.rtcp.report(1_000)), 1_000)
  expect(ours.rtcp.reported).toBeNull()
  arrive(theirs.reception, [1, 2, 3, 5, 6], ours.stream.ssrc)
  ours.rtcp.hear(Buffer.from(theirs.rtcp.report(6_000)), 6_000)
  expect(ours.rtcp.reported).toEqual({ totalLost: 1, jitter: 0 })
  expect(theirs.reception.totals).toEqual({ totalLost: 1, jitter: 0 })
})
