import { expect, it } from 'vitest'
import { parseHostPort, printHostPort } from '../../../src/base/host-port.js'

it.each([
  ['192.0.2.7', 5060, '192.0.2.7:5060'],
  ['2001:db8::1', 5060, '[2001:db8::1]:5060'],
  ['2001:db8::1', null, '[2001:db8::1]'],
  ['sip.example.com', null, 'sip.example.com'],
])('%s with port %s is printed as %s', (host, port, text) => {
  expect(printHostPort(host, port)).toBe(text)
})

it.each([
  ['0.0.0.0:8080', { host: '0.0.0.0', port: 8080 }],
  ['[2001:db8::1]:6379', { host: '2001:db8::1', port: 6379 }],
  ['redis.example:26379', { host: 'redis.example', port: 26379 }],
  ['redis.example', null],
  ['2001:db8::1:6379', null],
  ['redis.example:65536', null],
  ['user:password@redis.example:6379', null],
  ['8080', null],
])('%s is read as %o', (text, parsed) => {
  expect(parseHostPort(text)).toEqual(parsed)
})
