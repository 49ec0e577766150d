import { describe, expect, test } from 'vitest'
import { parseVia, printVia, type Via, withViaParam } from '../../../src/sip/headers/via.js'

function via(text: string): Via {
  const value = parseVia(text)
  if (!value) throw new Error(`no Via: ${text}`)
  return value
}

describe('RFC 3261 §20.42, Via', () => {
  test.each([
    ['SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1;rport', 'UDP', '192.0.2.7', 5060, 'z9hG4bK1', { branch: 'z9hG4bK1', rport: null }],
    ['SIP/2.0/udp a.example', 'UDP', 'a.example', null, '', {}],
    ['sip / 2.0 / Tcp \t a.example : 5061 ; branch = x', 'TCP', 'a.example', 5061, 'x', { branch: 'x' }],
    ['SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK56', 'WSS', 'df7jal23ls0d.invalid', null, 'z9hG4bK56', { branch: 'z9hG4bK56' }],
    [
      'SIP/2.0/TLS [2001:db8::1]:5061;received=2001:db8::2;maddr=[::1]',
      'TLS',
      '2001:db8::1',
      5061,
      '',
      { received: '2001:db8::2', maddr: '[::1]' },
    ],
    ['SIP/2.0/SCTP a.example;x="a;b,c"', 'SCTP', 'a.example', null, '', { x: '"a;b,c"' }],
    ['SIP/2.0/UDP a.example;TTL=16', 'UDP', 'a.example', null, '', { ttl: '16' }],
  ])('%s', (text, transport, host, port, branch, params) => {
    expect({ ...via(text), params: Object.fromEntries(via(text).params) }).toEqual({
      protocol: 'SIP/2.0',
      transport,
      host,
      port,
      branch,
      params,
    })
  })

  test('another version keeps its name', () => {
    expect(via('SIP/7.0/UDP a.example').protocol).toBe('SIP/7.0')
    expect(printVia(via('SIP / 7.0/UDP a.example;x'))).toBe('SIP/7.0/UDP a.example;x')
  })

  test.each([
    '',
    'SIP/2.0/UDP',
    'SIP/2.0/UDP ',
    'SIP/2.0 a.example',
    'SIP/2.0/ a.example',
    '/2.0/UDP a.example',
    'SIP/2.0/UDPa.example;x',
    'SIP/2.0/UDP a..example',
    'SIP/2.0/UDP a.example:',
    'SIP/2.0/UDP a.example:99999',
    'SIP/2.0/UDP a.example: x',
    'SIP/2.0/UDP a.example;',
    'SIP/2.0/UDP a.example;;branch=x',
    'SIP/2.0/UDP a.example;branch=',
    'SIP/2.0/UDP a.example;branch=x;branch=y',
    'SIP/2.0/UDP a.example x',
    'SIP/2.0/UDP [::1',
    'SIP/2.0/UDP ::1',
  ])('%j is not a Via', (text) => {
    expect(parseVia(text)).toBeNull()
  })
})

test('RFC 3581 §4: received and rport are set on the received value', () => {
  const came = via('SIP/2.0/UDP 10.0.0.7:5060;rport;branch=z9hG4bK1')
  const stamped = withViaParam(withViaParam(came, 'received', '192.0.2.7'), 'rport', '40000')
  expect(printVia(stamped)).toBe('SIP/2.0/UDP 10.0.0.7:5060;rport=40000;branch=z9hG4bK1;received=192.0.2.7')
  expect(parseVia(printVia(stamped))).toEqual(stamped)
  expect(withViaParam(came, 'branch', 'z9hG4bK2').branch).toBe('z9hG4bK2')
  expect(printVia(came)).toBe('SIP/2.0/UDP 10.0.0.7:5060;rport;branch=z9hG4bK1')
})
