import { describe, expect, test } from 'vitest'
import type { SipRequest } from '../../../../src/sip/message/message.js'
import { parseMessage } from '../../../../src/sip/parser/parser.js'
import { mergeKeyOf, serverKey } from '../../../../src/sipd/transaction/server/server-machine.js'
import { wire } from '../../../support/sip/still-layer.js'

function requestWith(branch: string, callId: string): SipRequest {
  const parsed = parseMessage(Buffer.from(wire({ line: 'INVITE sip:x@192.0.2.1 SIP/2.0', branch, cseq: '1 INVITE', callId }), 'latin1'))
  if (parsed.outcome !== 'message' || parsed.message.kind !== 'request') throw new Error('not a request')
  return parsed.message
}

const long = 'a'.repeat(6_000)

describe('the keys of a transaction', () => {
  test('are short and distinct however long Via and Call-ID are', () => {
    const [one, other] = [requestWith(`z9hG4bK1${long}`, `1${long}`), requestWith(`z9hG4bK2${long}`, `2${long}`)]
    for (const request of [one, other]) {
      expect(serverKey(request, 'INVITE').length).toBeLessThanOrEqual(200)
      expect(mergeKeyOf(request)?.length).toBeLessThanOrEqual(200)
    }
    expect(serverKey(one, 'INVITE')).not.toBe(serverKey(other, 'INVITE'))
    expect(serverKey(one, 'INVITE')).not.toBe(serverKey(one, 'CANCEL'))
    expect(mergeKeyOf(one)).not.toBe(mergeKeyOf(other))
    expect(serverKey(one, 'INVITE')).toBe(serverKey(requestWith(`z9hG4bK1${long}`, 'x'), 'INVITE'))
  })

  test('of RFC 2543 are short as well', () => {
    expect(serverKey(requestWith(long, long), 'INVITE').length).toBeLessThanOrEqual(200)
  })
})
