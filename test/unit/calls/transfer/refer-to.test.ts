import { expect, it } from 'vitest'
import { referTarget } from '../../../../src/calls/transfer/refer-to.js'

const target = (value: string) => referTarget((name) => (name === 'Refer-To' ? value : ''))
const dialog = { callId: 'a@192.0.2.1', tags: ['to', 'from'] }

it.each([
  ['<sip:102@hotdesk.example>', 'sip:102@hotdesk.example'],
  ['sip:102@hotdesk.example', 'sip:102@hotdesk.example'],
  ['"Carol" <sip:102@hotdesk.example;method=INVITE>', 'sip:102@hotdesk.example;method=INVITE'],
  ['<tel:+33155512345>', 'tel:+33155512345'],
  ['<urn:service:sos>', 'urn:service:sos'],
])('%s is a new call (RFC 3515 §2.1)', (value, uri) => {
  expect(target(value)).toEqual({ uri, replaces: null })
})

it.each([
  '<sip:102@hotdesk.example?Replaces=a%40192.0.2.1%3Bto-tag%3Dto%3Bfrom-tag%3Dfrom>',
  '<sip:102@hotdesk.example?Require=replaces&Replaces=a%40192.0.2.1%3Bfrom-tag%3Dfrom%3Bto-tag%3Dto>',
  '<sip:102@hotdesk.example?replaces=a@192.0.2.1;to-tag=to;from-tag=from>',
  '"Carol? <her>" <sip:102@hotdesk.example?Replaces=a%40192.0.2.1%3Bto-tag%3Dto%3Bfrom-tag%3Dfrom>',
  '<sip:102@hotdesk.example;transport=udp?Replaces=a%40192.0.2.1%3Bto-tag%3Dto%3Bfrom-tag%3Dfrom%3Bearly-only>',
])('%s takes over another call, escaped or not (RFC 3891 §6.1)', (value) => {
  const found = target(value)
  expect(typeof found === 'object' && found.replaces).toEqual({ dialog, isEarlyOnly: value.includes('early-only') })
})

it.each([
  ['', 400],
  ['<sip:101@hotdesk.example>, <sip:102@hotdesk.example>', 400],
  ['nonsense', 400],
  ['<sip:102@hotdesk.example?Replaces=a%3Bto-tag%3Dto>', 400],
  ['<http://hotdesk.example>', 416],
  ['<sip:102@hotdesk.example;method=BYE>', 501],
])('%s is refused: %i', (value, status) => {
  expect(target(value)).toBe(status)
})
