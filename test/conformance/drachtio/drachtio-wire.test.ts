import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Deviation, readRecording, replay } from '../../support/admin-wire/wire-replay.js'

/** The right response in place of a wrong one of the recorded server. */
const deviations: Readonly<Record<string, Deviation>> = {
  // An out-of-dialog REFER and an unknown method get a response, too (RFC 3261 §8.2.1).
  '07-no-app-connected-503': { beyond: ['SIP/2.0 405 Method Not Allowed', 'SIP/2.0 405 Method Not Allowed'] },
  '26-out-of-dialog-requests-in': { beyond: ['SIP/2.0 405 Method Not Allowed'] },
  // The application's response to the NOTIFY that ends a subscription is sent.
  '29-subscribe-uac': { instead: { 14: null, 17: null, 18: null }, beyond: ['SIP/2.0 200 OK', 'response OK'] },
  // RFC 3261 §12.2.2: a request with a To tag that no dialog has gets 481.
  '30-in-dialog-from-network': { instead: { 57: null }, beyond: ['SIP/2.0 481 Call/Transaction Does Not Exist'] },
  // RFC 3261 §17.1.1.3: the ACK of a failure has the Request-URI of its INVITE.
  '39-proxy-serial': { instead: { 11: null }, beyond: ['ACK'] },
  '40-proxy-fork-redirect-register': { instead: { 26: null, 34: null, 38: null }, beyond: ['ACK', 'ACK', 'ACK'] },
  // No command without authentication.
  '41-bad-client-commands': {
    instead: {
      ...without(1, 4),
      117: 'id-78-|response|aaaa|NO|not authenticated',
      ...without(118, 124),
    },
  },
}

/** These steps are left out. */
function without(first: number, last: number): Readonly<Record<number, null>> {
  return Object.fromEntries(Array.from({ length: last - first + 1 }, (_, at) => [first + at, null]))
}

const recordings = readdirSync(new URL('../../fixtures/drachtio', import.meta.url)).map((file) => file.replace(/\.json$/, ''))

describe('sipd responds to applications and to the network as drachtio-server does', () => {
  it.each(recordings)('%s', async (name) => {
    expect(await replay(readRecording(name), deviations[name])).toEqual([])
  })
})
