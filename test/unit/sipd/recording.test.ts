import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRecording, type RecordSearch } from '../../../src/sipd/recording.js'
import type { Flow } from '../../../src/sipd/transport/flow.js'

const local = { address: '10.0.0.1', port: 5060 }
const flow: Flow = { protocol: 'udp', remote: { address: '192.0.2.7', port: 5062 }, local, advertised: local, connection: null }
const everything: RecordSearch = { after: 0, upTo: Number.MAX_SAFE_INTEGER, callIds: [], names: [], addresses: ['192.0.2.7'] }

const invite = (callId: string, name = 'Call-ID', body = ''): Buffer =>
  Buffer.from(`INVITE sip:101@hotdesk SIP/2.0\r\nFrom: <sip:HD0001@hotdesk>;tag=1\r\n${name}: ${callId}\r\n\r\n${body}`, 'latin1')

function recordingOf(limits?: { bytes: number; messages: number }) {
  let now = 1_000
  return createRecording({ now: () => (now += 1) }, limits)
}

describe('the recording of the latest messages', () => {
  it('finds messages by Call-ID, also in the compact form, by the name of a phone and by address', () => {
    const recording = recordingOf()
    recording.addReceived(invite('first@there'), flow)
    recording.addSent(invite('second@there', 'i'), flow)
    const found = (search: Partial<RecordSearch>) =>
      recording.search({ ...everything, addresses: [], ...search }).messages.map(({ number, way, callId }) => [number, way, callId])
    expect(found({ callIds: ['first@there'] })).toEqual([[1, 'in', 'first@there']])
    expect(found({ callIds: ['second@there'] })).toEqual([[2, 'out', 'second@there']])
    expect(found({ names: ['HD0001'] })).toHaveLength(2)
    expect(found({ names: ['D0001', 'HD000'] })).toEqual([])
    expect(found({ addresses: ['192.0.2.7'], after: 1 })).toHaveLength(1)
    expect(found({ addresses: ['192.0.2.7'], upTo: 1 })).toHaveLength(1)
    expect(found({ addresses: ['192.0.2.70'] })).toEqual([])
  })

  it('keeps time, addresses and every byte', () => {
    const recording = recordingOf()
    recording.addReceived(invite('a@b', 'Call-ID', 'Zoë ÿ\u0000'), flow)
    const { messages } = recording.search(everything)
    expect(messages).toEqual([
      {
        number: 1,
        at: 1_001,
        way: 'in',
        protocol: 'udp',
        local,
        remote: flow.remote,
        callId: 'a@b',
        text: invite('a@b', 'Call-ID', 'Zoë ÿ\u0000').toString('latin1'),
      },
    ])
  })

  it('does not record keep-alives', () => {
    const recording = recordingOf()
    recording.addReceived(Buffer.from('\r\n\r\n'), flow)
    expect(recording.search(everything)).toEqual({ messages: [], lookedAt: 0, oldest: 1, newest: 0 })
  })

  it('takes several searches to look at much traffic', () => {
    const recording = recordingOf()
    for (let count = 0; count < 4_000; count += 1) recording.addReceived(invite(`call-${count}`), flow)
    let after = 0
    let found = 0
    let searches = 0
    do {
      const { messages, lookedAt } = recording.search({ ...everything, after, addresses: [], callIds: ['call-0', 'call-3999'] })
      found += messages.length
      after = lookedAt
      searches += 1
    } while (after < 4_000)
    expect([found, searches]).toEqual([2, 3])
  })

  it('never returns a message that was overwritten in part, whatever their sizes', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 60 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1_000, max: 4_000 }), fc.integer({ min: 1, max: 12 }), (lengths, bytes, messages) => {
        const recording = recordingOf({ bytes, messages })
        const sent = lengths.map((length, index) => invite(`call-${index}`, 'Call-ID', String(index % 10).repeat(length)))
        for (const each of sent) recording.addSent(each, flow)
        const kept = recording.search(everything)
        expect(kept.messages.map(({ text }) => text)).toEqual(sent.slice(kept.oldest - 1).map((each) => each.toString('latin1')))
        expect(kept.newest).toBe(sent.length)
        const used = kept.messages.reduce((sum, { text }) => sum + text.length, 0)
        expect(used).toBeLessThanOrEqual(bytes)
        expect(kept.messages.length).toBeLessThanOrEqual(messages)
        // At least the newest is always there, and nothing is dropped while there is room.
        if (sent.length > 0) expect(kept.messages.length).toBeGreaterThan(0)
        const largest = Math.max(0, ...sent.map(({ length }) => length))
        if (kept.oldest > 1 && kept.messages.length < messages) expect(used).toBeGreaterThan(bytes - 3 * largest)
      }),
    )
  })
})
