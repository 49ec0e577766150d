import { describe, expect, test } from 'vitest'
import { createFramer, type Frame } from '../../../src/sip/parser/framer.js'
import { maxMessageBytes, parseMessage } from '../../../src/sip/parser/parser.js'
import { bytesOf, inviteBytes } from '../../support/sip/sample-messages.js'

const one = inviteBytes('Content-Length: 5')
const message = Buffer.concat([one, Buffer.from('12345')])
const shown = (frames: readonly Frame[]): readonly string[] =>
  frames.map((frame) => (frame.kind === 'message' ? frame.bytes.toString('latin1') : frame.kind))

describe('RFC 3261 §18.3: on a stream, Content-Length delimits messages', () => {
  test('several messages in one read become several frames', () => {
    const framer = createFramer()
    expect(shown(framer.push(Buffer.concat([message, message, message])))).toEqual(Array(3).fill(message.toString('latin1')))
    expect(framer.partialBytes).toBe(0)
  })

  test.each([1, 2, 3, 7, 100, 400])('a message that arrives in pieces of %i bytes becomes one frame', (size) => {
    const framer = createFramer()
    const stream = Buffer.concat([message, message])
    const frames: Frame[] = []
    for (let at = 0; at < stream.length; at += size) frames.push(...framer.push(stream.subarray(at, at + size)))
    expect(shown(frames)).toEqual([message.toString('latin1'), message.toString('latin1')])
  })

  test('the bytes of an incomplete message are counted', () => {
    const framer = createFramer()
    framer.push(Buffer.concat([message, message.subarray(0, 10)]))
    expect(framer.partialBytes).toBe(10)
    framer.push(message.subarray(10, 250))
    expect(framer.partialBytes).toBe(250)
    expect(framer.push(message.subarray(250))).toHaveLength(1)
    expect(framer.partialBytes).toBe(0)
  })

  test('later bytes do not change an earlier frame', () => {
    const framer = createFramer()
    const frames = [message.subarray(0, 50), Buffer.concat([message.subarray(50), message.subarray(0, 60)]), message.subarray(60)].flatMap(
      (chunk) => framer.push(chunk),
    )
    framer.push(Buffer.alloc(500, 0x78))
    expect(shown(frames)).toEqual([message.toString('latin1'), message.toString('latin1')])
  })

  test.each(['l: 5', 'L :5', 'content-length: 005', 'Content-Length:\r\n 5', 'Content-Length: 5 '])('`%s` is a Content-Length', (line) => {
    const bytes = Buffer.concat([inviteBytes(line), Buffer.from('12345')])
    expect(shown(createFramer().push(Buffer.concat([bytes, message])))).toEqual([bytes.toString('latin1'), message.toString('latin1')])
  })

  test('the body is not interpreted', () => {
    const body = '\r\n\r\nContent-Length: 9999\r\n\r\n'
    const bytes = bytesOf(['MESSAGE sip:a SIP/2.0', `Content-Length: ${body.length}`], body)
    expect(shown(createFramer().push(Buffer.concat([bytes, message])))).toEqual([bytes.toString('latin1'), message.toString('latin1')])
  })
})

describe('RFC 5626 §4.4.1: line ends between messages keep the connection alive', () => {
  test('two in a row are a ping, one is a pong', () => {
    const framer = createFramer()
    expect(shown(framer.push(Buffer.from('\r\n')))).toEqual(['pong'])
    expect(shown(framer.push(Buffer.from('\r\n')))).toEqual(['ping'])
    expect(shown(framer.push(Buffer.from('\r\n\r\n\r\n')))).toEqual(['pong', 'ping', 'pong'])
  })

  test('they are found in pieces and before a message', () => {
    const framer = createFramer()
    expect(shown(framer.push(Buffer.from('\r')))).toEqual([])
    expect(framer.partialBytes).toBe(1)
    expect(shown(framer.push(Buffer.from('\n\r')))).toEqual(['pong'])
    expect(shown(framer.push(Buffer.concat([Buffer.from('\n'), message])))).toEqual(['ping', message.toString('latin1')])
    expect(shown(framer.push(Buffer.from('\r\n')))).toEqual(['pong'])
  })
})

describe('a stream whose next message cannot be found', () => {
  test.each([
    ['no Content-Length', inviteBytes()],
    ['two of them', inviteBytes('Content-Length: 0', 'l: 1')],
    ['a negative one', inviteBytes('Content-Length: -1')],
    ['an empty one', inviteBytes('Content-Length:')],
  ])('%s ends it with 400, and the request can be answered', (_, bytes) => {
    const framer = createFramer()
    const [frame, ...more] = framer.push(Buffer.concat([bytes, message]))
    expect(frame).toMatchObject({ kind: 'broken', status: 400 })
    expect(more).toEqual([])
    const parsed = frame?.kind === 'broken' ? parseMessage(frame.head) : null
    const request = parsed?.outcome === 'message' ? parsed.message : parsed?.outcome === 'malformed' ? parsed.request : null
    expect(request?.callId).toBe('4711@192.0.2.41')
    expect(framer.push(message)).toEqual([])
    expect(framer.partialBytes).toBe(0)
  })

  test('a message announced as larger than 64 KB ends it with 513 before its body is read', () => {
    const head = (length: number): Buffer => inviteBytes(`Content-Length: ${length}`)
    const room = maxMessageBytes - head(60_000).length
    expect(createFramer().push(head(room))).toEqual([])
    expect(createFramer().push(head(room + 1))).toMatchObject([{ kind: 'broken', status: 513 }])
    expect(createFramer().push(head(Number.MAX_SAFE_INTEGER))).toMatchObject([{ kind: 'broken', status: 513 }])
  })

  test('a header without an end ends it with 513 after 64 KB', () => {
    const framer = createFramer()
    const frames: Frame[] = []
    let sent = 0
    while (frames.length === 0 && sent < 2 * maxMessageBytes) {
      frames.push(...framer.push(Buffer.alloc(1000, 0x78)))
      sent += 1000
    }
    expect(frames).toMatchObject([{ kind: 'broken', status: 513 }])
    expect(sent).toBeLessThanOrEqual(maxMessageBytes + 1000)
  })
})
