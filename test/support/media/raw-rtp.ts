import { createSocket, type Socket } from 'node:dgram'

/** A pair of plain sockets, for RTP that a real phone would not send. */
export interface RawRtp {
  readonly port: number
  /** An offer of PCMU and events, with the address of this pair. */
  readonly sdp: string
  send(packet: Uint8Array, port: number): void
  /** The next matching datagram. */
  rtp(isWanted?: (packet: Buffer) => boolean): Promise<Buffer>
  rtcp(): Promise<Buffer>
  close(): Promise<void>
}

export async function openRawRtp(address = '127.0.0.1'): Promise<RawRtp> {
  const [rtp, rtcp] = [await bound(address), await bound(address)]
  const lines = ['v=0', `o=- 1 1 IN IP4 ${address}`, 's=-', `c=IN IP4 ${address}`, 't=0 0', `m=audio ${rtp.address().port} RTP/AVP 0 101`]
  return {
    port: rtp.address().port,
    sdp: [...lines, 'a=rtpmap:101 telephone-event/8000', `a=rtcp:${rtcp.address().port}`, ''].join('\r\n'),
    send: (packet, port) => rtp.send(packet, port, address),
    rtp: (isWanted = () => true) => next(rtp, isWanted),
    rtcp: () => next(rtcp, () => true),
    close: async () => {
      await Promise.all([rtp, rtcp].map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))))
    },
  }
}

function bound(address: string, port = 0): Promise<Socket> {
  const socket = createSocket('udp4')
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, address, () => resolve(socket))
  })
}

function next(socket: Socket, isWanted: (packet: Buffer) => boolean): Promise<Buffer> {
  return new Promise((resolve) => {
    function take(packet: Buffer): void {
      if (!isWanted(packet)) return
      socket.off('message', take)
      resolve(packet)
    }
    socket.on('message', take)
  })
}

/** This number of adjacent free ports, the first one even. */
export async function freePorts(count: number): Promise<{ readonly from: number; readonly to: number }> {
  for (;;) {
    const first = await bound('127.0.0.1')
    const from = first.address().port
    const others = await Promise.all(Array.from({ length: count - 1 }, (_, step) => bound('127.0.0.1', from + step + 1).catch(() => null)))
    const sockets = [first, ...others].filter((socket) => socket !== null)
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))))
    if (from % 2 === 0 && sockets.length === count) return { from, to: from + count - 1 }
  }
}

export interface PacketParts {
  readonly payloadType: number
  readonly sequence: number
  readonly timestamp: number
  readonly payload: Uint8Array
  readonly ssrc?: number
  readonly marker?: boolean
}

export function rtpPacket({ payloadType, sequence, timestamp, payload, ssrc = 7, marker = false }: PacketParts): Buffer {
  const header = Buffer.alloc(12)
  header[0] = 0x80
  header[1] = payloadType | (marker ? 0x80 : 0)
  header.writeUInt16BE(sequence, 2)
  header.writeUInt32BE(timestamp, 4)
  header.writeUInt32BE(ssrc, 8)
  return Buffer.concat([header, payload])
}
