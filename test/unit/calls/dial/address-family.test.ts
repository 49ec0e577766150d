import { expect, it } from 'vitest'
import type { Call } from '../../../../src/calls/call.js'
import { phonesByFamily, trunksByFamily } from '../../../../src/calls/dial/address-family.js'
import type { Binding } from '../../../../src/registrar/registrar.js'

const offers = {
  four: 'v=0\r\nc=IN IP4 198.51.100.7\r\nm=audio 4000 RTP/AVP 0\r\n',
  six: 'v=0\r\nc=IN IP6 2001:db8::7\r\nm=audio 4000 RTP/AVP 0\r\n',
  either: 'v=0\r\nc=IN IP4 198.51.100.7\r\nm=audio 4000 RTP/AVP 0\r\na=candidate:1 1 UDP 1 2001:db8::7 4000 typ host\r\n',
  none: '',
}

const call = (offer: string, address = offer === offers.six ? '2001:db8::7' : '198.51.100.7', kind = 'device') =>
  ({ offer, invite: { source: { address } }, caller: { kind } }) as Call

const phone = (contact: string, flow: string, path = '') => ({ contact, flow, path }) as Binding
const phones = {
  four: phone('sip:HD0001@192.0.2.7:5060', 'sip:203.0.113.9:40312;transport=udp'),
  six: phone('sip:HD0001@[2001:db8::9]:5060', 'sip:[2001:db8::9]:5060;transport=tcp'),
  web: phone('sip:x7@4kq2.invalid;transport=ws', 'sip:[2001:db8::9]:5060;transport=ws'),
  behindPath: phone('sip:HD0001@192.0.2.7:5060', 'sip:192.0.2.1:5060;transport=udp', '<sip:192.0.2.1;lr>'),
  proxied: phone('sip:HD0001@192.0.2.7:5060', 'sip:[2001:db8::1]:5060;transport=udp'),
}

it.each([
  ['four', 'four', true],
  ['four', 'six', false],
  ['six', 'four', false],
  ['six', 'six', true],
  ['either', 'six', true],
  ['none', 'six', true],
  ['four', 'web', true],
  ['six', 'behindPath', true],
  ['six', 'proxied', true],
  ['four', 'proxied', true],
] as const)('a caller of %s and a phone of %s: reachable %s', (caller, callee, isInReach) => {
  const { reachable, unreachable } = phonesByFamily(call(offers[caller]), [phones[callee]])
  expect([reachable.length, unreachable.length]).toEqual(isInReach ? [1, 0] : [0, 1])
})

it('of several contacts and trunks those of the same family are left', () => {
  expect(phonesByFamily(call(offers.six), [phones.four, phones.six]).reachable).toEqual([phones.six])
  const trunks = ['sip:192.0.2.1', 'sip:[2001:db8::1]:5060', 'sip:carrier.example'].map((uri) => ({ uri }))
  expect(trunksByFamily(call(offers.six), trunks).reachable).toEqual(trunks.slice(1))
})

it('a caller whose media and signalling differ in family has both families, and so may the callee; a node and a trunk relay media of others', () => {
  expect(phonesByFamily(call(offers.four, '2001:db8::7'), [phones.six]).reachable).toEqual([phones.six])
  expect(phonesByFamily(call(offers.six, '198.51.100.7'), [phones.four]).reachable).toEqual([phones.four])
  for (const kind of ['node', 'trunk']) expect(phonesByFamily(call(offers.four, '2001:db8::7', kind), [phones.six]).reachable).toEqual([])
})
