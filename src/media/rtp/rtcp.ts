import {
  ByePacket,
  CompoundPacket,
  isRtcp,
  ReceiverReportPacket,
  ReceptionReport,
  SdesChunk,
  SdesPacket,
  SenderReportPacket,
} from 'rtp.js/packets'
import type { Milliseconds } from '../../base/clock.js'
import type { OutgoingStream } from './outgoing-stream.js'
import type { Reception, ReceptionFigures, ReceptionTotals } from './reception.js'

/** Our side of RTCP for one stream pair (RFC 3550 §6): reports, CNAME, BYE. */
export interface Rtcp {
  /** A compound packet: sender or receiver report, then CNAME (RFC 3550 §6.1). */
  report(now: Milliseconds): Uint8Array
  bye(now: Milliseconds): Uint8Array
  /** False if the packet is not RTCP. */
  hear(packet: Buffer, now: Milliseconds): boolean
  /** What the far end's last report says about our stream; null before the first. */
  readonly reported: ReceptionTotals | null
}

export interface RtcpNeeds {
  readonly stream: OutgoingStream
  readonly reception: Reception
  readonly cname: string
}

interface HeardReport {
  /** The middle 32 bits of the far end's NTP timestamp. */
  readonly lsr: number
  readonly at: Milliseconds
}

export function createRtcp({ stream, reception, cname }: RtcpNeeds): Rtcp {
  let heard: HeardReport | null = null
  let sentBefore = 0
  let reported: ReceptionTotals | null = null

  function reports(now: Milliseconds): ReceptionReport[] {
    const figures = reception.report()
    return figures ? [receptionReport(figures, heard, now)] : []
  }

  /** RFC 3550 §6.4: a sender report if packets were sent since the last report. */
  function firstPacket(now: Milliseconds): SenderReportPacket | ReceiverReportPacket {
    const hasSent = stream.packets > sentBefore
    sentBefore = stream.packets
    const packet = hasSent ? senderReport(stream, now) : new ReceiverReportPacket()
    packet.setSsrc(stream.ssrc)
    packet.setReports(reports(now))
    return packet
  }

  /** A report has a block for each source that the far end hears. */
  function noteReports(blocks: readonly ReceptionReport[]): void {
    const ours = blocks.find((block) => block.getSsrc() === stream.ssrc)
    if (ours) reported = { totalLost: Math.max(0, ours.getTotalLost()), jitter: ours.getJitter() }
  }

  return {
    get reported() {
      return reported
    },
    report: (now) => compound([firstPacket(now), name(stream.ssrc, cname)]),
    bye(now) {
      const bye = new ByePacket()
      bye.addSsrc(stream.ssrc)
      return compound([firstPacket(now), name(stream.ssrc, cname), bye])
    },
    hear(packet, now) {
      try {
        // Even the check throws on a packet that is too short.
        const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
        if (!isRtcp(view)) return false
        for (const one of new CompoundPacket(view).getPackets()) {
          if (one instanceof SenderReportPacket) heard = { lsr: middle(one.getNtpSeconds(), one.getNtpFraction()), at: now }
          if (one instanceof SenderReportPacket || one instanceof ReceiverReportPacket) noteReports(one.getReports())
        }
        return true
      } catch {
        return false
      }
    },
  }
}

// Seconds from 1900, the NTP epoch, to 1970.
const ntpEpoch = 2_208_988_800
const twoTo32 = 0x1_0000_0000

function senderReport(stream: OutgoingStream, now: Milliseconds): SenderReportPacket {
  const packet = new SenderReportPacket()
  packet.setNtpSeconds(Math.floor(now / 1000) + ntpEpoch)
  packet.setNtpFraction(Math.floor(((now % 1000) / 1000) * twoTo32))
  packet.setRtpTimestamp(stream.timestamp)
  packet.setPacketCount(stream.packets % twoTo32)
  packet.setOctetCount(stream.octets % twoTo32)
  return packet
}

function receptionReport(figures: ReceptionFigures, heard: HeardReport | null, now: Milliseconds): ReceptionReport {
  const report = new ReceptionReport()
  report.setSsrc(figures.ssrc)
  report.setFractionLost(figures.fractionLost)
  report.setTotalLost(figures.totalLost)
  report.setHighestSeqNumber(figures.highestSequence)
  report.setJitter(figures.jitter)
  report.setLastSRTimestamp(heard?.lsr ?? 0)
  report.setDelaySinceLastSR(heard ? Math.floor(((now - heard.at) * 65_536) / 1000) : 0)
  return report
}

function middle(seconds: number, fraction: number): number {
  return (((seconds & 0xffff) << 16) | (fraction >>> 16)) >>> 0
}

const cnameItem = 1

function name(ssrc: number, cname: string): SdesPacket {
  const chunk = new SdesChunk()
  chunk.setSsrc(ssrc)
  chunk.addItem(cnameItem, cname)
  const packet = new SdesPacket()
  packet.addChunk(chunk)
  return packet
}

function compound(packets: (SenderReportPacket | ReceiverReportPacket | SdesPacket | ByePacket)[]): Uint8Array {
  const whole = new CompoundPacket()
  whole.setPackets(packets)
  whole.serialize()
  const view = whole.getView()
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}
