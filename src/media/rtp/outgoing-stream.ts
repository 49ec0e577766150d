import { randomBytes } from 'node:crypto'
import { frameSamples } from '../sound/g711.js'

/**
 * The RTP stream that we send (RFC 3550 §5.1):
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                           timestamp                           |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |           synchronization source (SSRC) identifier            |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
export interface OutgoingStream {
  readonly ssrc: number
  /** The timestamp of the next frame. */
  readonly timestamp: number
  readonly packets: number
  readonly octets: number
  /** A packet of 20 ms; `fill` writes the audio. */
  audio(payloadType: number, fill: (frame: Uint8Array) => void): Buffer
  /** A packet of an event that began at `timestamp`. `first`: it is the first packet of the event. */
  event(payloadType: number, payload: Uint8Array, began: { readonly timestamp: number; readonly first: boolean }): Buffer
  /** Advances the timestamp by frames that were sent or skipped. */
  pass(frames: number): void
  /** Sets the marker bit of the next audio packet, which follows a gap (RFC 3551 §4.1). */
  interrupt(): void
}

const headerBytes = 12
/** A packet may still be in the socket's queue while the next ones are written. */
const buffersInTurn = 8
const markerBit = 0x80

export function createOutgoingStream(): OutgoingStream {
  const random = randomBytes(12)
  const ssrc = random.readUInt32BE(0)
  // RFC 3550 §5.1: both start at a random value.
  let timestamp = random.readUInt32BE(4)
  let sequence = random.readUInt16BE(8)
  let afterGap = true
  let packets = 0
  let octets = 0
  let turn = 0
  const buffers = Array.from({ length: buffersInTurn }, () => newPacket(ssrc))

  function nextBuffer(): Buffer {
    turn = (turn + 1) % buffersInTurn
    return buffers[turn] ?? newPacket(ssrc)
  }

  function patch(packet: Buffer, second: number, at: number): void {
    packet[1] = second
    packet.writeUInt16BE(sequence, 2)
    packet.writeUInt32BE(at, 4)
    sequence = (sequence + 1) & 0xffff
    packets += 1
    octets += packet.length - headerBytes
  }

  return {
    ssrc,
    get timestamp() {
      return timestamp
    },
    get packets() {
      return packets
    },
    get octets() {
      return octets
    },
    audio(payloadType, fill) {
      const packet = nextBuffer()
      patch(packet, payloadType | (afterGap ? markerBit : 0), timestamp)
      afterGap = false
      fill(packet.subarray(headerBytes))
      return packet
    },
    event(payloadType, payload, began) {
      const packet = Buffer.concat([newPacket(ssrc).subarray(0, headerBytes), payload])
      patch(packet, payloadType | (began.first ? markerBit : 0), began.timestamp)
      return packet
    },
    pass(frames) {
      timestamp = (timestamp + frames * frameSamples) >>> 0
    },
    interrupt() {
      afterGap = true
    },
  }
}

function newPacket(ssrc: number): Buffer {
  const packet = Buffer.alloc(headerBytes + frameSamples)
  packet[0] = 0x80
  packet.writeUInt32BE(ssrc, 8)
  return packet
}
