import { parseHostPort } from '../../base/host-port.js'
import type { Arrow } from '../conversation.js'
import { addressBytes } from './address-bytes.js'

// The file format of libpcap, which Wireshark, tshark and sngrep read. Every message is one UDP datagram, also if TCP, TLS or a WebSocket
// carried it: so it is readable, whole, and has its real addresses and ports.

/** LINKTYPE_RAW: packets begin with the IP header. */
const rawIp = 101
const longest = 65_535
const udp = 17
const hops = 64

/** The beginning of a file. */
export function captureHeader(): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(longest, 16)
  header.writeUInt32LE(rawIp, 20)
  return header
}

/** The packet of a message. */
export function capturedPacket({ at, from, to, text }: Pick<Arrow, 'at' | 'from' | 'to' | 'text'>): Buffer {
  const packet = ipPacket(endOf(from.address), endOf(to.address), Buffer.from(text))
  const header = Buffer.alloc(16)
  const microseconds = Math.round(at * 1_000)
  header.writeUInt32LE(Math.floor(microseconds / 1_000_000), 0)
  header.writeUInt32LE(microseconds % 1_000_000, 4)
  header.writeUInt32LE(packet.length, 8)
  header.writeUInt32LE(packet.length, 12)
  return Buffer.concat([header, packet])
}

interface End {
  readonly address: Buffer
  readonly port: number
}

function endOf(text: string): End {
  // The zone of a link-local address is not on the wire.
  const { host, port } = parseHostPort(text.replace(/%[^\]]{0,64}/, '')) ?? { host: '0.0.0.0', port: 0 }
  return { address: addressBytes(host), port }
}

function ipPacket(from: End, to: End, message: Buffer): Buffer {
  const isIPv4 = from.address.length === 4 && to.address.length === 4
  const ends = isIPv4 ? { from, to } : { from: mappedToIPv6(from), to: mappedToIPv6(to) }
  const room = longest - 8 - (isIPv4 ? 20 : 0)
  const datagram = udpDatagram(ends.from, ends.to, message.subarray(0, room))
  return Buffer.concat([
    isIPv4 ? ipv4Header(ends.from, ends.to, datagram.length) : ipv6Header(ends.from, ends.to, datagram.length),
    datagram,
  ])
}

/** RFC 768; the checksum is over the addresses too (RFC 8200 §8.1). */
function udpDatagram(from: End, to: End, message: Buffer): Buffer {
  const length = 8 + message.length
  const datagram = Buffer.alloc(length)
  datagram.writeUInt16BE(from.port, 0)
  datagram.writeUInt16BE(to.port, 2)
  datagram.writeUInt16BE(length, 4)
  message.copy(datagram, 8)
  const lengthAndProtocol = Buffer.from([0, udp, length >> 8, length & 0xff])
  datagram.writeUInt16BE(checksum(from.address, to.address, lengthAndProtocol, datagram) || 0xffff, 6)
  return datagram
}

/** RFC 791 §3.1. */
function ipv4Header(from: End, to: End, payload: number): Buffer {
  const header = Buffer.alloc(20)
  header.writeUInt8(0x45, 0)
  header.writeUInt16BE(20 + payload, 2)
  header.writeUInt16BE(0x4000, 6)
  header.writeUInt8(hops, 8)
  header.writeUInt8(udp, 9)
  from.address.copy(header, 12)
  to.address.copy(header, 16)
  header.writeUInt16BE(checksum(header), 10)
  return header
}

/** RFC 8200 §3. */
function ipv6Header(from: End, to: End, payload: number): Buffer {
  const header = Buffer.alloc(40)
  header.writeUInt8(0x60, 0)
  header.writeUInt16BE(payload, 4)
  header.writeUInt8(udp, 6)
  header.writeUInt8(hops, 7)
  from.address.copy(header, 8)
  to.address.copy(header, 24)
  return header
}

/** RFC 1071. */
function checksum(...parts: readonly Buffer[]): number {
  let sum = 0
  for (const part of parts) {
    for (let at = 0; at + 1 < part.length; at += 2) sum += part.readUInt16BE(at)
    if (part.length % 2 === 1) sum += (part.at(-1) ?? 0) << 8
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000)
  return ~sum & 0xffff
}

/** The IPv4-mapped form (RFC 4291 §2.5.5.2), for a message between ends of two address families. */
function mappedToIPv6({ address, port }: End): End {
  return { address: address.length === 16 ? address : Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff]), address]), port }
}
