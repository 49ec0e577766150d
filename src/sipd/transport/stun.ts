import { isIPv6 } from 'node:net'
import type { Endpoint } from './flow.js'

/*
 * RFC 8489 §5: a Binding request, with which a phone keeps its NAT binding open (RFC 5626 §3.5.2):
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  |0 0|     type = 0x0001         |        message length         |
 *  |                    magic cookie = 0x2112A442                  |
 *  |                 transaction id (96 bits)                      |
 */
const headerBytes = 20
const bindingRequest = 0x0001
const bindingSuccess = 0x0101
const magicCookie = 0x2112a442
const xorMappedAddress = 0x0020

/** No SIP message begins with a zero byte. */
export function isStunRequest(bytes: Buffer): boolean {
  return bytes[0] === 0 && bytes.length >= headerBytes && bytes.readUInt16BE(0) === bindingRequest && bytes.readUInt32BE(4) === magicCookie
}

/** The response with the phone's source address: XOR-MAPPED-ADDRESS (RFC 8489 §14.2) and no other attribute. */
export function stunResponse(request: Buffer, remote: Endpoint): Buffer {
  const address = addressBytes(remote.address)
  const response = Buffer.alloc(headerBytes + 8 + address.length)
  request.copy(response, 4, 4, headerBytes)
  response.writeUInt16BE(bindingSuccess, 0)
  response.writeUInt16BE(8 + address.length, 2)
  response.writeUInt16BE(xorMappedAddress, headerBytes)
  response.writeUInt16BE(4 + address.length, headerBytes + 2)
  response.writeUInt16BE(address.length === 4 ? 1 : 2, headerBytes + 4)
  response.writeUInt16BE(remote.port ^ (magicCookie >>> 16), headerBytes + 6)
  // The address is masked with the cookie and the transaction id, which are adjacent.
  for (const [at, byte] of address.entries()) response.writeUInt8(byte ^ response.readUInt8(4 + at), headerBytes + 8 + at)
  return response
}

function addressBytes(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const first = groupsOf(head)
  const last = groupsOf(tail ?? '')
  const groups = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last]
  return Buffer.from(groups.flatMap((group) => [group >> 8, group & 0xff]))
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}
