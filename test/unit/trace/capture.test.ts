import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { capturedPacket, captureHeader } from '../../../src/trace/trace.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

const party = (address: string) => ({ key: address, name: address, address, isNode: false })

/** Reads a capture as its format says (pcap-savefile(5), RFC 791, RFC 8200, RFC 768), and recomputes the checksums. */
const reader = String.raw`
import ipaddress, json, struct, sys
data = open(sys.argv[1], 'rb').read()
magic, major, minor, zone, sigfigs, snap, link = struct.unpack('<IHHiIII', data[:24])
assert (magic, major, minor, link) == (0xa1b2c3d4, 2, 4, 101)
def total(data):
    data += b'\0' * (len(data) % 2)
    n = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while n >> 16: n = (n & 0xffff) + (n >> 16)
    return n
at, found = 24, []
while at < len(data):
    seconds, micros, kept, length = struct.unpack('<IIII', data[at:at + 16])
    packet = data[at + 16:at + 16 + kept]
    assert kept == length == len(packet) <= snap
    if packet[0] >> 4 == 4:
        assert packet[0] == 0x45 and packet[9] == 17 and total(packet[:20]) == 0xffff
        assert struct.unpack('>H', packet[2:4])[0] == kept
        source, target, udp = packet[12:16], packet[16:20], packet[20:]
    else:
        assert packet[0] >> 4 == 6 and packet[6] == 17
        assert struct.unpack('>H', packet[4:6])[0] == kept - 40
        source, target, udp = packet[8:24], packet[24:40], packet[40:]
    sport, dport, size, checksum = struct.unpack('>HHHH', udp[:8])
    assert size == len(udp) and checksum != 0
    assert total(source + target + struct.pack('>HH', 17, size) + udp) == 0xffff
    name = lambda raw: str(ipaddress.ip_address(raw))
    found.append([seconds * 1000000 + micros, name(source), sport, name(target), dport, len(udp) - 8, udp[8:48].decode()])
    at += 16 + kept
print(json.dumps(found))
`

describe('a capture', () => {
  it('has the time, addresses, ports and bytes of every message, and right checksums', () => {
    const folder = temporaryFolder('capture')
    const file = join(folder, 'a.pcap')
    const at = Date.UTC(2026, 10, 30, 14) + 0.123
    const packets = [
      { from: '192.0.2.7:5062', to: '10.0.0.1:5060', text: 'INVITE sip:101@hotdesk SIP/2.0\r\n\r\n' },
      { from: '[2001:db8::7]:5062', to: '[fe80::1:2:3:4%eth0]:5060', text: 'odd' },
      { from: '[::ffff:192.0.2.9]:1', to: '10.0.0.1:65535', text: 'Zoë' },
      { from: '192.0.2.7:5062', to: '[2001:db8::1]:5060', text: '' },
      { from: '192.0.2.7:5062', to: '10.0.0.1:5060', text: 'x'.repeat(70_000) },
    ]
    const bytes = packets.map(({ from, to, text }, index) => capturedPacket({ at: at + index, from: party(from), to: party(to), text }))
    writeFileSync(file, Buffer.concat([captureHeader(), ...bytes]))
    writeFileSync(join(folder, 'reader.py'), reader)
    const us = Date.UTC(2026, 10, 30, 14) * 1_000 + 123
    expect(JSON.parse(execFileSync('python3', [join(folder, 'reader.py'), file], { encoding: 'utf8' }))).toEqual([
      [us, '192.0.2.7', 5_062, '10.0.0.1', 5_060, 34, 'INVITE sip:101@hotdesk SIP/2.0\r\n\r\n'],
      [us + 1_000, '2001:db8::7', 5_062, 'fe80::1:2:3:4', 5_060, 3, 'odd'],
      [us + 2_000, '192.0.2.9', 1, '10.0.0.1', 65_535, 4, 'Zoë'],
      [us + 3_000, '::ffff:c000:207', 5_062, '2001:db8::1', 5_060, 0, ''],
      [us + 4_000, '192.0.2.7', 5_062, '10.0.0.1', 5_060, 65_507, 'x'.repeat(40)],
    ])
  })
})
