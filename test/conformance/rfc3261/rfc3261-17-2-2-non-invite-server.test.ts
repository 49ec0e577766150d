import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createResponse } from '../../../src/sip/message/builder.js'
import type { ServerTransaction } from '../../../src/sipd/transaction/transaction-layer.js'
import { openStillLayer, type StillLayer, wire } from '../../support/sip/still-layer.js'

const bye = wire({ line: 'BYE sip:b@192.0.2.1 SIP/2.0', branch: 'z9hG4bK2', cseq: '2 BYE', toTag: 'ours' })
let still: StillLayer
beforeEach(async () => {
  still = await openStillLayer()
})
afterEach(() => still.layer.close())

function arrive(): ServerTransaction {
  still.arrives(bye)
  const [transaction] = still.transactions
  if (!transaction) throw new Error('no transaction')
  return transaction
}

const statuses = (): readonly string[] => still.net.sent.map(({ text }) => text.split(' ')[1] ?? '')

describe('RFC 3261 §17.2.2: the non-INVITE server transaction', () => {
  test('in "Trying" retransmissions of the request are discarded', () => {
    arrive()
    still.arrives(bye)
    expect([still.transactions.length, statuses()]).toEqual([1, []])
  })

  test('in "Proceeding" the last provisional response MUST be sent again for each retransmission', () => {
    const transaction = arrive()
    transaction.respond(createResponse(transaction.request, 100))
    still.arrives(bye)
    still.arrives(bye)
    expect(statuses()).toEqual(['100', '100', '100'])
  })

  test('in "Completed" the final response MUST be sent again for each retransmission, byte for byte, for 64*T1 of Timer J', () => {
    const transaction = arrive()
    transaction.respond(createResponse(transaction.request, 200))
    still.clock.advance(31_999)
    still.arrives(bye)
    expect(statuses()).toEqual(['200', '200'])
    expect(still.net.sent[1]?.text).toBe(still.net.sent[0]?.text)
    still.clock.advance(1)
    still.arrives(bye)
    expect(still.transactions).toHaveLength(2)
  })

  test('any other final response MUST be discarded in "Completed"', () => {
    const transaction = arrive()
    transaction.respond(createResponse(transaction.request, 200))
    expect(() => transaction.respond(createResponse(transaction.request, 500))).toThrow(
      expect.objectContaining({ code: 'SIP_SEND_FAILED' }),
    )
    expect(statuses()).toEqual(['200'])
  })

  test('nothing is left of it afterwards', () => {
    const before = still.clock.pending
    const transaction = arrive()
    transaction.respond(createResponse(transaction.request, 200))
    expect(still.clock.pending).toBe(before + 1)
    still.clock.advance(32_000)
    expect(still.clock.pending).toBe(before)
  })
})
