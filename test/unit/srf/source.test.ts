import { describe, expect, it } from 'vitest'
import type { DrachtioRequest } from '../../../src/srf/drachtio.js'
import { toSource } from '../../../src/srf/messages.js'

function arrived(protocol: string, via: string): DrachtioRequest {
  const get = (name: string): string | undefined => (name === 'Via' ? via : undefined)
  return { protocol, source_address: '192.0.2.7', source_port: 40_312, get } as DrachtioRequest
}

describe('the transport of a request', () => {
  it.each([
    ['udp', 'SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1', 'udp'],
    ['tcp', 'SIP/2.0/TCP 192.0.2.7:5060;branch=z9hG4bK1', 'tcp'],
    ['tls', 'SIP/2.0/TLS 192.0.2.7:5061;branch=z9hG4bK1', 'tls'],
    // RFC 7118 §5.2.1: the SIP server reports the stream, the Via names the WebSocket.
    ['tcp', 'SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK1', 'ws'],
    ['tls', 'SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK1', 'wss'],
    ['tcp', 'sip / 2.0 / ws df7jal23ls0d.invalid;branch=z9hG4bK1,SIP/2.0/UDP 192.0.2.1', 'ws'],
    // A proxy in front of us has terminated TLS.
    ['tcp', 'SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK1', 'ws'],
    // Only the nearest hop counts.
    ['tcp', 'SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK2,SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK1', 'tcp'],
    ['udp', 'SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK1', 'udp'],
    ['tcp', 'no Via at all', 'tcp'],
    ['', 'SIP/2.0/UDP 192.0.2.7', 'udp'],
  ])('%j with the Via %s is %s', (protocol, via, expected) => {
    expect(toSource(arrived(protocol, via))).toEqual({ protocol: expected, address: '192.0.2.7', port: 40_312 })
  })
})
