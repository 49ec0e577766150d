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

/** A delay of more than this is skipped: its packets in one burst would only overflow the far end's buffer. */
const caughtUpFrames = 3

/** What a session does every 20 ms: one packet of a key press, a clip or, so that NAT keeps the way open, silence. */
export function createSending({ ports, negotiation, receiver, stream, player, keySender }: SendingNeeds): Turn {
  const unheard = new Uint8Array(frameSamples)

  function frame(): void {
    const sending = negotiation.sending
    const to = receiver.latch.destination
    if (!sending?.allowed || !to) {
      // Time goes on for clips and timestamps while nobody is to hear them.
      player.next('PCMU', unheard)
      stream.interrupt()
      return
    }
    const keyPacket = sending.eventPayload === null ? null : keySender.next(stream, sending.eventPayload)
    // The clip runs on under a key press, as the sound of a room does.
    if (keyPacket) player.next(sending.law, unheard)
    ports.sendRtp(keyPacket ?? stream.audio(sending.payload, (sound) => player.next(sending.law, sound)), to)
  }

  return (frames) => {
    const skipped = frames > caughtUpFrames ? frames - 1 : 0
    if (skipped > 0) {
      // RFC 3550 §5.1: no packet was lost, so the sequence number stays; the timestamp tells the gap.
      stream.pass(skipped)
      stream.interrupt()
    }
    for (let left = frames - skipped; left > 0; left -= 1) {
      frame()
      stream.pass(1)
    }
  }
}
