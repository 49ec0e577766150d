import type { Alarm, Clock } from '../../base/clock.js'
import type { Negotiation } from '../sdp/negotiation.js'
import type { Address } from './address.js'
import type { OutgoingStream } from './outgoing-stream.js'
import type { PortPair } from './port-pair.js'
import type { Receiver } from './receiver.js'
import { createRtcp } from './rtcp.js'

/** Sends the reports of one session at their times, and the farewell. */
export interface Reporting {
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

/** RFC 3550 §6.2: 5 s at least, each time half to one and a half of it, so that many sessions do not speak at once. */
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

  /** Where RTCP came from; else beside the latched RTP; else as described. */
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
    // Only from where the sound comes: reports of strangers would turn ours to them.
    if (from.address === receiver.latch.destination?.address && rtcp.hear(packet, clock.now())) source = from
  })

  return {
    close() {
      alarm.cancel()
      send(rtcp.bye(clock.now()))
    },
  }
}
