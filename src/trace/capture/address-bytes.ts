import { isIPv4, isIPv6 } from 'node:net'

/** The 4 or 16 bytes of an IP address; 0.0.0.0 for any other text. */
export function addressBytes(address: string): Buffer {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1] ?? address
  if (isIPv4(mapped)) return Buffer.from(mapped.split('.').map(Number))
  return isIPv6(address) ? ipv6Bytes(address) : Buffer.alloc(4)
}

/** RFC 4291 §2.2: `::` stands for as many zeros as are missing, and the last 32 bits may be written like IPv4. */
function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = address.split('::')
  const [before, after] = [head, tail ?? ''].map(groupsOf) as [number[], number[]]
  const gap = tail === undefined ? [] : Array.from({ length: Math.max(0, 16 - before.length - after.length) }, () => 0)
  return Buffer.from([...before, ...gap, ...after])
}

function groupsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}
