import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createResponse } from '../../src/sip/message/builder.js'
import type { SipMessage } from '../../src/sip/message/message.js'
import { createFramer, type Frame } from '../../src/sip/parser/framer.js'
import { parseMessage } from '../../src/sip/parser/parser.js'

// A failure prints its seed and the smallest input that shows it.
const runs = { numRuns: 1500 }

const folder = new URL('../fixtures/torture/', import.meta.url)
const corpus = readdirSync(folder)
  .filter((name) => name.endsWith('.dat'))
  .map((name) => readFileSync(new URL(name, folder)))

/** A message of the corpus with a few bytes changed, taken out, put in, or a piece repeated. */
const mutated: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.constantFrom(...corpus),
    fc.array(
      fc.record({
        at: fc.nat(4000),
        cut: fc.nat(12),
        put: fc.oneof(
          fc.constantFrom('\r', '\n', '\r\n', '\r\n ', ';', ',', ':', '"', '<', '>', '@', '%', '=', '[', ']', '\\', ' ', '\0', '\u00ff'),
          fc.string({ maxLength: 6 }),
        ),
        again: fc.integer({ min: 1, max: 3 }),
      }),
      { maxLength: 5 },
    ),
  )
  .map(([bytes, edits]) =>
    edits.reduce((text, { at, cut, put, again }) => {
      const place = at % (text.length + 1)
      return Buffer.concat([text.subarray(0, place), Buffer.from(put.repeat(again), 'latin1'), text.subarray(place + cut)])
    }, bytes),
  )

const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
const hostile = fc.oneof({ weight: 5, arbitrary: mutated }, { weight: 1, arbitrary: anyBytes })

/** The guarantees of `parseMessage` for a message. */
function readAll(message: SipMessage): unknown {
  const { topVia, from, to, callId, cseq, contacts } = message
  expect(message.list('Via').length).toBeGreaterThan(0)
  return { topVia, from, to, callId, cseq, contacts, names: message.names(), values: message.names().map((name) => message.all(name)) }
}

test('any bytes are a message whose getters do not throw, or a defect, but never a fault', () => {
  fc.assert(
    fc.property(hostile, (bytes) => {
      const parsed = parseMessage(bytes)
      if (parsed.outcome === 'message') readAll(parsed.message)
      if (parsed.outcome !== 'malformed') return
      expect(parsed.reason).not.toBe('')
      if (parsed.salvaged) readAll(parsed.salvaged)
    }),
    runs,
  )
})

test('a printed message is parsed as the same message, and prints the same again', () => {
  fc.assert(
    fc.property(hostile, (bytes) => {
      const parsed = parseMessage(bytes)
      if (parsed.outcome !== 'message') return
      const { message } = parsed
      const hadLength = message.has('Content-Length')
      const printed = message.toBuffer()
      const again = parseMessage(printed)
      if (again.outcome !== 'message') throw new Error(`not read again: ${JSON.stringify(again)}`)
      expect(again.message.toBuffer().equals(printed)).toBe(true)
      expect(again.message.body.equals(message.body)).toBe(true)
      if (hadLength) expect(readAll(again.message)).toEqual(readAll(message))
    }),
    runs,
  )
})

test('a defect that allows a response gets one that the sender understands', () => {
  fc.assert(
    fc.property(hostile, (bytes) => {
      const parsed = parseMessage(bytes)
      if (parsed.outcome !== 'malformed' || !parsed.request) return
      const response = createResponse(parsed.request, parsed.status, parsed.reason, 'ourtag')
      expect(response.topVia).toEqual(parsed.request.topVia)
      expect(response.toBuffer().toString('latin1')).toMatch(/^SIP\/2\.0 [0-9]{3} [^\r\n]*\r\n/)
    }),
    runs,
  )
})

test('edits never change another header, and each header stays on one line', () => {
  const value = fc.string({ unit: 'grapheme', maxLength: 40 })
  fc.assert(
    fc.property(mutated, value, fc.constantFrom('Subject', 'X-New', 'Via', 'Route', 'Contact'), (bytes, text, name) => {
      const parsed = parseMessage(bytes)
      if (parsed.outcome !== 'message') return
      const { message } = parsed
      const others = (of: SipMessage): readonly string[] =>
        of.names().filter((one) => !/^(subject|s|x-new|via|v|route|contact|m|content-length|l)$/i.test(one))
      const before = others(message)
      try {
        message.prepend(name, text)
      } catch {
        expect(text).toMatch(/[\r\n]/)
        return
      }
      expect(message.first(name)).toBe(
        /[\u0100-\uffff]/.test(text)
          ? Buffer.from(text, 'utf8')
              .toString('latin1')
              .replace(/^[ \t]+|[ \t]+$/g, '')
          : text.replace(/^[ \t]+|[ \t]+$/g, ''),
      )
      const again = parseMessage(message.toBuffer())
      const seen = again.outcome === 'message' ? again.message : again.outcome === 'malformed' ? again.request : null
      if (seen) expect(others(seen)).toEqual(before)
    }),
    runs,
  )
})

test('a stream yields the same frames, however it is cut', () => {
  const stream = fc
    .array(fc.oneof(mutated, fc.constantFrom(...corpus, Buffer.from('\r\n'), Buffer.from('\r\n\r\n'))), { maxLength: 4 })
    .map((parts) => Buffer.concat(parts))
  const shown = (frames: readonly Frame[]): readonly string[] =>
    frames.map((frame) => (frame.kind === 'message' ? frame.bytes.toString('latin1') : frame.kind))
  fc.assert(
    fc.property(stream, fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 50 }), (bytes, sizes) => {
      const framer = createFramer()
      const frames: Frame[] = []
      for (let at = 0, piece = 0; at < bytes.length; piece += 1) {
        const size = sizes[piece % sizes.length] ?? 1
        frames.push(...framer.push(bytes.subarray(at, at + size)))
        at += size
      }
      const whole = createFramer()
      expect(shown(frames)).toEqual(shown(whole.push(bytes)))
      expect(framer.partialBytes).toBe(whole.partialBytes)
    }),
    { numRuns: 500 },
  )
})
