import { expect, it } from 'vitest'
import { addressForNodes } from '../../../src/base/listen-address.js'

it.each([
  [['tcp/192.0.2.1:5060', 'udp/[2001:db8::1]:5060', 'udp/192.0.2.1:5060'], 'udp:192.0.2.1:5060'],
  [['udp/[2001:db8::1]:5060', 'tcp/[2001:db8::1]:5060'], 'udp:[2001:db8::1]:5060'],
  [['udp/192.0.2.1:5060', 'udp/192.0.2.2:5060'], 'udp:192.0.2.1:5060'],
  [['wss/192.0.2.1:443', 'tls/192.0.2.1:5061'], 'tls:192.0.2.1:5061'],
  [[], ''],
])('other nodes reach a node that listens at %o over IPv4 where it has it, at %s', (listening, address) => {
  expect(addressForNodes(listening)).toBe(address)
})
