import { expect, it } from 'vitest'
import { withoutNames } from '../../../../src/calls/identity/anonymous-session.js'

const media = ['c=IN IP4 192.0.2.1', 't=0 0', 'm=audio 4000 RTP/AVP 0', 'a=rtpmap:0 PCMU/8000', 'a=label:s=x', '']

it.each(['\r\n', '\n'])('a session description keeps its media and loses its names, with lines that end in %j', (end) => {
  const names = ['i=desk of Alice', 'u=http://alice.example', 'e=alice@alice.example (Alice)', 'p=+33199000100']
  const own = ['v=0', 'o=HD0001 12 13 IN IP4 192.0.2.1', 's=Alice calls', ...names, ...media].join(end)
  expect(withoutNames(own)).toBe(['v=0', 'o=- 12 13 IN IP4 192.0.2.1', 's=-', ...media].join(end))
})

it.each(['', 'no description', 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n', 'i=', 'o=\r\n'])(
  '%j has no session description, or nothing else',
  (text) => {
    expect(withoutNames(text)).toBe(text === 'i=' ? '' : text)
  },
)
