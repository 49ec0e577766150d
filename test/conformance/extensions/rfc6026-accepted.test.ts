import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createResponse } from '../../../src/sip/message/builder.js'
import { aRequest, createDiary } from '../../support/sip/sip-pair.js'
import { answer, openStillLayer, type StillLayer, wire } from '../../support/sip/still-layer.js'

let still: StillLayer
beforeEach(async () => {
  still = await openStillLayer()
})
afterEach(() => still.layer.close())

describe('RFC 6026 §7.1: the INVITE server transaction after a 2xx', () => {
  const invite = wire({ line: 'INVITE sip:b@192.0.2.1 SIP/2.0', branch: 'z9hG4bK1', cseq: '1 INVITE' })
  const ack = wire({ line: 'ACK sip:b@192.0.2.1 SIP/2.0', branch: 'z9hG4bKack', cseq: '1 ACK', toTag: 'ours' })

  function accept(): () => void {
    still.arrives(invite)
    const [transaction] = still.transactions
    if (!transaction) throw new Error('no transaction')
    const ok = createResponse(transaction.request, 200, undefined, 'ours')
    const respond = (): void => void transaction.respond(ok)
    respond()
    return respond
  }

  test('MUST enter "Accepted", absorb INVITE copies without a response, and not retransmit the 2xx by itself', () => {
    accept()
    still.arrives(invite)
    still.clock.advance(31_000)
    still.arrives(invite)
    expect([still.sentAt(), still.transactions.length]).toEqual([[0], 1])
  })

  test('each further 2xx from the user MUST be sent', () => {
    const again = accept()
    still.clock.advance(500)
    again()
    expect(still.sentAt()).toEqual([0, 500])
  })

  test('an ACK MUST be passed up, with its own branch and with that of the INVITE', () => {
    accept()
    still.arrives(ack)
    still.arrives(ack.replace('z9hG4bKack', 'z9hG4bK1'))
    expect(still.acks).toHaveLength(2)
  })

  test('Timer L ends it after 64*T1, and nothing can be sent any more', () => {
    const again = accept()
    still.clock.advance(31_999)
    again()
    still.clock.advance(1)
    expect(again).toThrow(expect.objectContaining({ code: 'SIP_SEND_FAILED' }))
  })
})

describe('RFC 6026 §7.2: the INVITE client transaction after a 2xx', () => {
  test('MUST pass every further 2xx up, from other forks too, and MUST NOT send ACK, until Timer M ends it after 64*T1', async () => {
    const diary = createDiary()
    const call = still.layer.send(aRequest('INVITE', 'sip:100@192.0.2.7:5070'), still.hop, diary)
    await diary.hears('sent')
    const text = still.net.sent[0]?.text ?? ''
    still.arrives(answer(text, 180, 'fork1'))
    still.arrives(answer(text, 200, 'fork1'))
    still.arrives(answer(text, 200, 'fork2'))
    still.clock.advance(31_999)
    still.arrives(answer(text, 200, 'fork1'))
    expect(diary.responses.map(({ status, to }) => `${status} ${to.tag}`)).toEqual(['180 fork1', '200 fork1', '200 fork2', '200 fork1'])
    expect(still.sentAt()).toEqual([0])
    still.clock.advance(1)
    expect(call.terminated).toBe(true)
    still.arrives(answer(text, 200, 'fork1'))
    expect(still.layer.counts().strayResponses).toBe(1)
    expect(diary.heard).not.toContain('timeout')
  })
})
