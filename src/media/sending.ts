import type { KeySender } from './rtp/key-sender.js'
import type { OutgoingStream } from './rtp/outgoing-stream.js'
import type { PortPair } from './rtp/port-pair.js'
import type { Receiver } from './rtp/receiver.js'
import type { Turn } from './rtp/ticker.js'
import type { Negotiation } from './sdp/negotiation.js'
import { frameSamples } from './sound/g711.js'
import type { Player } from './sound/player.js'

export interface SendingNeeds {
  readonly ports: PortPair
  readonly negotiation: Negotiation
  readonly receiver: Receiver
  readonly stream: OutgoingStream
  readonly player: Player
  readonly keySender: KeySender
}

/** After a longer delay, frames are skipped: a burst would only overflow the far end's buffer. */
const caughtUpFrames = 3

/** Sends a packet every 20 ms: a key press, a clip or silence, which keeps NAT bindings open. */
export function createSending({ ports, negotiation, receiver, stream, player, keySender }: SendingNeeds): Turn {
  const discarded = new Uint8Array(frameSamples)

  function frame(): void {
    const sending = negotiation.sending
    const to = receiver.latch.destination
    if (!sending?.allowed || !to) {
      // Clips and timestamps advance although nothing is sent.
      player.next('PCMU', discarded)
      stream.interrupt()
      return
    }
    const keyPacket = sending.eventPayload === null ? null : keySender.next(stream, sending.eventPayload)
    // A clip advances during a key press, as live audio would.
    if (keyPacket) player.next(sending.law, discarded)
    ports.sendRtp(keyPacket ?? stream.audio(sending.payload, (sound) => player.next(sending.law, sound)), to)
  }

  return (frames) => {
    const skipped = frames > caughtUpFrames ? frames - 1 : 0
    if (skipped > 0) {
      // RFC 3550 §5.1: no packet was lost, so only the timestamp shows the gap.
      stream.pass(skipped)
      stream.interrupt()
    }
    for (let left = frames - skipped; left > 0; left -= 1) {
      frame()
      stream.pass(1)
    }
  }
}
