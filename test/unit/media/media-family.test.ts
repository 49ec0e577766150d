import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMedia } from '../../../src/media/media.js'
import { mediaFamily } from '../../../src/media/sdp/media-family.js'
import { freePorts } from '../../support/media/raw-rtp.js'

function description(...lines: readonly string[]): string {
  return ['v=0', 'o=- 1 1 IN IP4 198.51.100.7', 's=-', 't=0 0', ...lines, ''].join('\r\n')
}

const four = 'c=IN IP4 198.51.100.7'
const six = 'c=IN IP6 2001:db8::7'
const audio = 'm=audio 4000 RTP/AVP 0'

describe('the family of a description', () => {
  it.each([
    ['IPv4', description(four, audio)],
    ['IPv6', description(six, audio)],
    ['IPv6', description(four, audio, six)],
    ['IPv6', description(six, audio, 'm=video 0 RTP/AVP 31', four)],
    [null, description(six, audio, 'm=video 5000 RTP/AVP 31', four)],
    [null, description('c=IN IP4 phone.example.com', audio)],
    [null, description(four, audio, 'a=candidate:1 1 UDP 2130706431 2001:db8::7 4000 typ host')],
    [null, description(four, audio, 'a=altc:1 IP6 2001:db8::7 4000')],
    [null, description(audio)],
    [null, 'hello'],
    [null, ''],
  ])('is %s', (family, text) => {
    expect(mediaFamily(text)).toBe(family)
  })
})

describe('an answer', () => {
  async function answered(offer: string, signalling: string | null, addresses = ['127.0.0.1', '::1']): Promise<string> {
    const media = createMedia({ addresses, ports: await freePorts(2), clock: systemClock, log: silentLogger() })
    try {
      const answer = await media.answer(offer, signalling)
      return answer.outcome === 'answered' ? (/^c=IN (\S+ \S+)/m.exec(answer.session.localSdp)?.[1] ?? '') : answer.outcome
    } finally {
      await media.close()
    }
  }

  it.each([
    ['IP4 127.0.0.1', description(four, audio), '::1'],
    ['IP6 ::1', description(six, audio), '127.0.0.1'],
    // The line that can be answered, and of two the first one.
    ['IP6 ::1', description(four, 'm=audio 4000 RTP/AVP 9', audio, six), null],
    ['IP4 127.0.0.1', description(four, audio, audio, six), '::1'],
    // A host name, or none: as the phone speaks SIP.
    ['IP6 ::1', description('c=IN IP6 phone.example.com', audio), '::1'],
    ['IP4 127.0.0.1', description('c=IN IP4 phone.example.com', audio), '127.0.0.1'],
  ])('is in %s, the family of the offer', async (address, offer, signalling) => {
    expect(await answered(offer, signalling)).toBe(address)
  })

  it.each([
    ['other-family', description(six, audio)],
    ['other-family', description(six, 'm=audio 4000 RTP/SAVP 0', audio)],
    ['no-common-codec', description(four, 'm=audio 4000 RTP/AVP 9', 'm=audio 4000 RTP/SAVP 0')],
    ['other-profile', description(four, 'm=audio 4000 RTP/SAVP 0', 'm=video 4000 RTP/AVP 31')],
    ['no-audio', description(four, 'm=audio 0 RTP/AVP 0')],
    ['malformed', 'hello'],
  ])('is none where we have IPv4 alone, because of %s', async (outcome, offer) => {
    expect(await answered(offer, null, ['127.0.0.1'])).toBe(outcome)
  })

  it('to an INVITE without an offer is ours, in the family of its SIP', async () => {
    const media = createMedia({ addresses: ['127.0.0.1', '::1'], ports: await freePorts(4), clock: systemClock, log: silentLogger() })
    for (const [signalling, family] of [
      ['::1', 'IP6'],
      ['127.0.0.1', 'IP4'],
      [null, 'IP4'],
    ] as const) {
      const session = await media.offer(signalling)
      expect(session?.localSdp).toMatch(new RegExp(`^c=IN ${family} `, 'm'))
      session?.close()
      if (signalling === '127.0.0.1') break
    }
    await media.close()
  })
})
