import type { Alarm, Clock } from '../../base/clock.js'
import type { Negotiation } from '../sdp/negotiation.js'
import type { Address } from './address.js'
import type { OutgoingStream } from './outgoing-stream.js'
import type { PortPair } from './port-pair.js'
import type { Receiver } from './receiver.js'
import type { ReceptionTotals } from './reception.js'
import { createRtcp } from './rtcp.js'

/** Sends the RTCP reports of one session, and BYE at its end. */
export interface Reporting {
  /** What the far end's last report says about our stream; null before the first. */
  readonly reported: ReceptionTotals | null
  close(): void
}

export interface ReportingNeeds {
  readonly ports: PortPair
  readonly stream: OutgoingStream
  readonly receiver: Receiver
  readonly negotiation: Negotiation
  readonly clock: Clock
  /** From 0 to 1. */
  readonly random?: () => number
}

/** RFC 3550 §6.2: at least 5 s on average, randomized by a factor of 0.5 to 1.5, so that sessions do not report in step. */
const intervalMs = 5_000

export function createReporting({ ports, stream, receiver, negotiation, clock, random = Math.random }: ReportingNeeds): Reporting {
  const rtcp = createRtcp({ stream, reception: receiver.reception, cname: `${stream.ssrc.toString(16)}@hotdesk` })
  let source: Address | null = null
  let alarm: Alarm = arm()

  function arm(): Alarm {
    return clock.after(intervalMs * (0.5 + random()), () => {
      send(rtcp.report(clock.now()))
      alarm = arm()
    })
  }

  /** The source of the far end's RTCP; else the described port, if the address is that of the latched RTP; else the next port. */
  function destination(): Address | null {
    const rtp = receiver.latch.destination
    if (!rtp) return null
    if (source?.address === rtp.address) return source
    const described = negotiation.sending?.rtcp
    return described?.address === rtp.address ? described : { address: rtp.address, port: rtp.port + 1 }
  }

  function send(packet: Uint8Array): void {
    const to = destination()
    if (to && to.port <= 65_535) ports.sendRtcp(packet, to)
  }

  ports.onRtcp((packet, from) => {
    // Only from the address of the audio: otherwise a third party could attract our reports.
    if (from.address === receiver.latch.destination?.address && rtcp.hear(packet, clock.now())) source = from
  })

  return {
    get reported() {
      return rtcp.reported
    },
    close() {
      alarm.cancel()
      send(rtcp.bye(clock.now()))
    },
  }
}
