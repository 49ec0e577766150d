import { parse } from 'sdp-transform'
import { expect, test } from 'vitest'
import { createNegotiation, type Negotiation } from '../../../src/media/sdp/negotiation.js'

const ours = '192.0.2.10'
const port = 20_000

function offer(...lines: readonly string[]): string {
  return ['v=0', 'o=- 1 1 IN IP4 198.51.100.7', 's=-', 'c=IN IP4 198.51.100.7', 't=0 0', ...lines, ''].join('\r\n')
}

function answered(text: string, address = ours): Negotiation {
  const negotiation = createNegotiation(address, port)
  expect(negotiation.answer(text)).toBe('answered')
  return negotiation
}

const desk = offer(
  'm=audio 11780 RTP/AVP 9 0 8 18 101',
  'a=rtpmap:9 G722/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:18 G729/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-15',
  'a=ptime:20',
  'a=sendrecv',
)

test('The answer has the first common codec and events, with the payload types of the offer', () => {
  const negotiation = answered(desk)
  const [audio] = parse(negotiation.localSdp).media
  expect(audio).toMatchObject({ type: 'audio', port, protocol: 'RTP/AVP', payloads: '0 101', ptime: 20, direction: 'sendrecv' })
  expect(audio?.rtp).toEqual([
    { payload: 0, codec: 'PCMU', rate: 8000 },
    { payload: 101, codec: 'telephone-event', rate: 8000 },
  ])
  expect(audio?.fmtp).toEqual([{ payload: 101, config: '0-16' }])
  expect(audio?.rtcp?.port).toBe(port + 1)
  expect(parse(negotiation.localSdp).connection?.ip).toBe(ours)
  expect(negotiation.sending).toMatchObject({ law: 'PCMU', payload: 0, eventPayload: 101, allowed: true })
  expect(negotiation.sending?.rtp).toEqual({ address: '198.51.100.7', port: 11_780 })
  expect(negotiation.sending?.rtcp).toEqual({ address: '198.51.100.7', port: 11_781 })
  expect(negotiation.receiving).toEqual({ laws: new Map([[0, 'PCMU']]), event: 101 })
})

test('The order of the offer decides between the laws; static payload types need no rtpmap (RFC 3551 §6)', () => {
  expect(answered(offer('m=audio 4000 RTP/AVP 8 0')).sending?.law).toBe('PCMA')
  expect(answered(offer('m=audio 4000 RTP/AVP 0 8')).sending?.law).toBe('PCMU')
})

test('Other payload types for the codec and for events are accepted', () => {
  const negotiation = answered(offer('m=audio 4000 RTP/AVP 97 96', 'a=rtpmap:97 pcma/8000/1', 'a=rtpmap:96 Telephone-Event/8000'))
  expect(negotiation.sending).toMatchObject({ law: 'PCMA', payload: 97, eventPayload: 96 })
  expect(negotiation.localSdp).toContain('m=audio 20000 RTP/AVP 97 96')
})

test('Events with the clock rate of another codec are ignored (RFC 4733 §2.1)', () => {
  const lines = ['m=audio 4000 RTP/AVP 0 110 101', 'a=rtpmap:110 telephone-event/48000', 'a=rtpmap:101 telephone-event/8000']
  expect(answered(offer(...lines)).sending?.eventPayload).toBe(101)
  expect(answered(offer('m=audio 4000 RTP/AVP 0 110', 'a=rtpmap:110 telephone-event/48000')).sending?.eventPayload).toBeNull()
})

test('A static payload type that an rtpmap redefines is not G.711', () => {
  const negotiation = createNegotiation(ours, port)
  expect(negotiation.answer(offer('m=audio 4000 RTP/AVP 0', 'a=rtpmap:0 opus/48000/2'))).toBe('no-common-codec')
})

test('The answer has the same m= lines as the offer, refused ones with port 0 (RFC 3264 §6)', () => {
  const lines = [
    'm=video 5000 RTP/AVP 99',
    'm=audio 4000 RTP/SAVP 0',
    'm=audio 4002 RTP/AVP 0 8',
    'm=audio 4004 RTP/AVP 0',
    'm=image 5004 udptl t38',
  ]
  const answer = answered(offer(...lines)).localSdp
  expect(answer.split('\r\n').filter((line) => line.startsWith('m='))).toEqual([
    'm=video 0 RTP/AVP 99',
    'm=audio 0 RTP/SAVP 0',
    'm=audio 20000 RTP/AVP 0',
    'm=audio 0 RTP/AVP 0',
    'm=image 0 udptl t38',
  ])
})

test('A line with port 0 is not used (RFC 3264 §5.1)', () => {
  const lines = ['m=audio 0 RTP/AVP 0', 'm=audio 4002 RTP/AVP 8']
  expect(answered(offer(...lines)).sending?.rtp?.port).toBe(4002)
})

test.each([
  ['sendrecv', 'sendrecv', true],
  ['sendonly', 'recvonly', false],
  ['recvonly', 'sendonly', true],
  ['inactive', 'inactive', false],
])('An offer that is %s is answered with %s (RFC 3264 §6.1)', (theirs, our, allowed) => {
  const negotiation = answered(offer('m=audio 4000 RTP/AVP 0', `a=${theirs}`))
  expect(parse(negotiation.localSdp).media[0]?.direction).toBe(our)
  expect(negotiation.sending?.allowed).toBe(allowed)
})

test('The direction of the session applies to the m= line, unless the line has its own', () => {
  const held = offer('m=audio 4000 RTP/AVP 0').replace('t=0 0', 't=0 0\r\na=sendonly')
  expect(answered(held).sending?.allowed).toBe(false)
  expect(answered(`${held}a=sendrecv\r\n`).sending?.allowed).toBe(true)
})

test('c=0.0.0.0, old-style hold, is answered and stops our audio (RFC 3264 §8.4)', () => {
  const negotiation = answered(offer('m=audio 4000 RTP/AVP 0').replace('c=IN IP4 198.51.100.7', 'c=IN IP4 0.0.0.0'))
  expect(negotiation.sending?.rtp).toBeNull()
})

test('The address of the m= line overrides that of the session, and a=rtcp overrides the next port (RFC 3605)', () => {
  const negotiation = answered(offer('m=audio 4000 RTP/AVP 0', 'c=IN IP4 203.0.113.9', 'a=rtcp:5555'))
  expect(negotiation.sending?.rtp).toEqual({ address: '203.0.113.9', port: 4000 })
  expect(negotiation.sending?.rtcp).toEqual({ address: '203.0.113.9', port: 5555 })
})

test.each(['224.2.0.1', '239.255.255.250', '255.255.255.255', '127.0.0.1', 'phone.example.com'])(
  'Nothing is sent to %s before its packets come',
  (address) => {
    expect(answered(offer('m=audio 4000 RTP/AVP 0').replaceAll('198.51.100.7', address)).sending?.rtp).toBeNull()
  },
)

test('A loopback address is accepted on loopback', () => {
  expect(answered(offer('m=audio 4000 RTP/AVP 0').replaceAll('198.51.100.7', '127.0.0.2'), '127.0.0.1').sending?.rtp?.address).toBe(
    '127.0.0.2',
  )
})

test('An offer of the other address family is unsuitable', () => {
  const six = offer('m=audio 4000 RTP/AVP 0').replaceAll('IP4 198.51.100.7', 'IP6 2001:db8::7')
  expect(createNegotiation(ours, port).answer(six)).toBe('no-common-codec')
  expect(answered(six, '2001:db8::10').localSdp).toContain('c=IN IP6 2001:db8::10')
})

test.each([
  '',
  'hello',
  'v=0\r\n',
  'v=1\r\nm=audio 4000 RTP/AVP 0\r\n',
  offer('m=audio x RTP/AVP 0'),
  offer('m=audio 99999 RTP/AVP 0'),
  offer('a='.repeat(20_000)),
])('A text that is not a session description is malformed', (text) => {
  expect(createNegotiation(ours, port).answer(text)).toBe('malformed')
})

test.each([
  offer('m=audio 4000 RTP/AVP 9 18'),
  offer('m=audio 4000 RTP/SAVP 0'),
  offer('m=video 4000 RTP/AVP 0'),
  offer('m=audio 0 RTP/AVP 0'),
])('Without a common codec nothing changes', (text) => {
  const negotiation = answered(desk)
  const before = negotiation.localSdp
  expect(negotiation.answer(text)).toBe('no-common-codec')
  expect(negotiation.localSdp).toBe(before)
  expect(negotiation.sending?.rtp?.port).toBe(11_780)
})

test('The version is incremented with each change, and only then (RFC 3264 §8)', () => {
  const negotiation = answered(desk)
  const version = (): unknown => parse(negotiation.localSdp).origin.sessionVersion
  const first = version()
  negotiation.answer(desk)
  expect(version()).toBe(first)
  negotiation.answer(desk.replace('a=sendrecv', 'a=sendonly'))
  expect(version()).toBe(Number(first) + 1)
  negotiation.answer(desk)
  expect(version()).toBe(Number(first) + 2)
})

test('Our offer has both laws and events; the answer decides what we send, with its payload types', () => {
  const negotiation = createNegotiation(ours, port)
  negotiation.offer()
  expect(parse(negotiation.localSdp).media[0]).toMatchObject({ payloads: '0 8 101', direction: 'sendrecv' })
  expect(negotiation.sending).toBeNull()
  expect(negotiation.receiving.event).toBe(101)
  expect(negotiation.accept(offer('m=audio 4000 RTP/AVP 8 96', 'a=rtpmap:96 telephone-event/8000'))).toBe('accepted')
  expect(negotiation.sending).toMatchObject({ law: 'PCMA', payload: 8, eventPayload: 96 })
  expect(negotiation.receiving.event).toBe(101)
})

test('An answer without a common codec is reported', () => {
  const negotiation = createNegotiation(ours, port)
  negotiation.offer()
  expect(negotiation.accept(offer('m=audio 0 RTP/AVP 0'))).toBe('no-common-codec')
  expect(negotiation.accept('')).toBe('no-common-codec')
})
