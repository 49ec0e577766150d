import { describe, expect, it } from 'vitest'
import { continueSession, withLinesOf } from '../../../src/media/sdp/continued-session.js'

const audio = 'm=audio 4000 RTP/AVP 0'
const video = 'm=video 4002/2 RTP/AVP 96 97'

function sdp(origin: string, ...lines: readonly string[]): string {
  return ['v=0', `o=${origin}`, 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', ...lines, ''].join('\r\n')
}

const first = sdp('alice 10 41 IN IP4 192.0.2.1', audio)
const other = (...lines: readonly string[]) => sdp('bob 99 7 IN IP6 2001:db8::2', ...lines)
const own = (version: string, ...lines: readonly string[]) => sdp(`alice 10 ${version} IN IP4 192.0.2.1`, ...lines)

describe('the session of a far end that talks to another party (RFC 3264 §8)', () => {
  it('keeps its o= line, and each change increments the version by one', () => {
    const session = continueSession(first)
    const held = 'a=sendonly'
    expect(session.offer(other(audio, held))).toBe(own('42', audio, held))
    // A refresh, or a re-INVITE that is sent again after 491.
    expect(session.offer(sdp('bob 99 8 IN IP6 2001:db8::2', audio, held))).toBe(own('42', audio, held))
    expect(session.answer(other(audio), other(audio))).toBe(own('43', audio))
    expect(session.offer(first)).toBe(own('43', audio))
    expect(session.offer(other(audio, held))).toBe(own('44', audio, held))
  })

  it('is not changed by the description that the far end has already', () => {
    expect(continueSession(first).answer(first, first)).toBe(first)
  })

  it('counts versions of 64 bits (RFC 8866 §5.2)', () => {
    expect(continueSession(own('9007199254740993', audio)).offer(other(video))).toBe(own('9007199254740994', video))
  })

  it('keeps the number of m= lines: those that the new party lacks are refused with port 0', () => {
    const session = continueSession(own('1', audio, video, 'a=mid:2'))
    expect(session.offer(other(audio))).toBe(own('2', audio, 'm=video 0 RTP/AVP 96 97'))
    expect(session.offer(other(audio, video, audio))).toBe(own('3', audio, video, audio))
    expect(session.offer(other(audio, video))).toBe(own('4', audio, video, 'm=audio 0 RTP/AVP 0'))
  })

  it('a refused m= line has a c= line if the session has none (RFC 8866 §5.7)', () => {
    const bare = `v=0\r\no=bob 1 1 IN IP4 192.0.2.2\r\ns=-\r\nt=0 0\r\n${audio}\r\nc=IN IP4 192.0.2.2`
    expect(continueSession(own('1', audio, video)).offer(bare)).toBe(
      `v=0\r\no=alice 10 2 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n${audio}\r\nc=IN IP4 192.0.2.2\r\nm=video 0 RTP/AVP 96 97\r\nc=IN IP4 192.0.2.2\r\n`,
    )
  })

  it.each([
    ['fewer m= lines than the offer', other(audio), own('42', audio, 'm=video 0 RTP/AVP 96 97')],
    ['as many', other(audio, 'm=video 0 RTP/AVP 96'), own('42', audio, 'm=video 0 RTP/AVP 96')],
    ['more', other(audio, video, audio, 'a=inactive'), own('42', audio, video)],
  ])('an answer with %s gets as many (RFC 3264 §6)', (_, answer, expected) => {
    expect(continueSession(first).answer(answer, other(audio, video))).toBe(expected)
  })

  it('begins with the first description, if there was none', () => {
    const session = continueSession('')
    expect(session.offer(other(audio))).toBe(other(audio))
    expect(session.offer(own('1', video))).toBe(sdp('bob 99 8 IN IP6 2001:db8::2', video))
  })

  it.each(['', 'not a description', 'v=0\r\ns=-\r\n'])('leaves alone what has no o= line: %j', (text) => {
    const session = continueSession(first)
    expect([session.offer(text), session.answer(text, first)]).toEqual([text, text])
    expect(session.offer(other(video))).toBe(own('42', video))
  })
})

it('the answer of the far end gets back to the party whose offer had fewer m= lines, without the others', () => {
  expect(withLinesOf(other(audio, 'm=video 0 RTP/AVP 96', 'a=inactive'), first)).toBe(other(audio))
  expect(withLinesOf(`--x\r\n\r\n${other(audio, video)}--x--`, first)).toBe(`--x\r\n\r\n${other(audio, video)}--x--`)
})
