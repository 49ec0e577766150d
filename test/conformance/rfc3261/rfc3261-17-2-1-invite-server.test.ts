import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createResponse } from '../../../src/sip/message/builder.js'
import type { ServerTransaction } from '../../../src/sipd/transaction/transaction-layer.js'
import { openTcpPeer } from '../../support/net/tcp-peer.js'
import { aRequest, createDiary } from '../../support/sip/sip-pair.js'
import { openStillLayer, peer, type StillLayer, wire } from '../../support/sip/still-layer.js'

const invite = wire({ line: 'INVITE sip:b@192.0.2.1 SIP/2.0', branch: 'z9hG4bK1', cseq: '1 INVITE' })
const ack = wire({ line: 'ACK sip:b@192.0.2.1 SIP/2.0', branch: 'z9hG4bK1', cseq: '1 ACK', toTag: 'ours' })
let still: StillLayer
beforeEach(async () => {
  still = await openStillLayer()
})
afterEach(() => still.layer.close())

function arrive(): ServerTransaction {
  still.arrives(invite)
  const [transaction] = still.transactions
  if (!transaction) throw new Error('no transaction')
  return transaction
}

function answerWith(transaction: ServerTransaction, status: number): void {
  transaction.respond(createResponse(transaction.request, status, undefined, 'ours'))
}

const statuses = (): readonly string[] => still.net.sent.map(({ text }) => text.split(' ')[1] ?? '')

describe('RFC 3261 §17.2.1: the INVITE server transaction over an unreliable transport', () => {
  test('a retransmitted INVITE MUST be answered with the last provisional response and MUST NOT be passed up', () => {
    const transaction = arrive()
    still.arrives(invite)
    expect(statuses()).toEqual([])
    answerWith(transaction, 100)
    still.arrives(invite)
    answerWith(transaction, 180)
    still.arrives(invite)
    expect(statuses()).toEqual(['100', '100', '180', '180'])
    expect(still.transactions).toHaveLength(1)
  })

  test('a client with provisional responses only gets 503 before the sockets close', async () => {
    const transaction = arrive()
    answerWith(transaction, 180)
    await still.layer.close()
    expect(statuses()).toEqual(['180', '503'])
  })

  test('a 300-699 response MUST be retransmitted when Timer G fires, at intervals that double up to T2, until Timer H', () => {
    const transaction = arrive()
    let isUnacknowledged = false
    transaction.onUnacknowledged(() => {
      isUnacknowledged = true
    })
    answerWith(transaction, 486)
    still.clock.advance(31_999)
    expect(still.sentAt()).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500])
    expect(isUnacknowledged).toBe(false)
    still.clock.advance(1)
    expect(isUnacknowledged).toBe(true)
    still.clock.advance(64_000)
    expect(still.sentAt()).toHaveLength(11)
  })

  test('a retransmitted INVITE in "Completed" SHOULD be answered with the final response', () => {
    const transaction = arrive()
    answerWith(transaction, 486)
    still.arrives(invite)
    expect(statuses()).toEqual(['486', '486'])
  })

  test('ACK MUST end the retransmissions; it is not passed up, and its copies are absorbed for T4 of Timer I', () => {
    const transaction = arrive()
    answerWith(transaction, 486)
    still.clock.advance(600)
    still.arrives(ack)
    still.clock.advance(4_999)
    still.arrives(ack)
    still.arrives(invite)
    expect(still.sentAt()).toEqual([0, 500])
    expect(still.acks).toHaveLength(0)
    still.clock.advance(1)
    still.arrives(ack)
    expect(still.acks).toHaveLength(1)
  })

  test('a second final response is refused, and the first one stays', () => {
    const transaction = arrive()
    expect(transaction.completed).toBe(false)
    answerWith(transaction, 486)
    expect(transaction.completed).toBe(true)
    expect(() => answerWith(transaction, 480)).toThrow(expect.objectContaining({ code: 'SIP_SEND_FAILED' }))
    expect(() => answerWith(transaction, 180)).toThrow()
    expect(statuses()).toEqual(['486'])
  })
})

describe('RFC 3261 §17.2.1: the INVITE server transaction over a reliable transport', () => {
  test('Timer G is not set, Timer H is, and Timer I is zero', async () => {
    await still.layer.close()
    still = await openStillLayer({
      listen: [
        { protocol: 'udp', address: '192.0.2.1', port: 5060 },
        { protocol: 'tcp', address: '127.0.0.1', port: 0 },
      ],
    })
    const far = await openTcpPeer()
    const [hop] = still.layer.locateNow(`sip:127.0.0.1:${far.port};transport=tcp`) ?? []
    const arrived = new Promise<ServerTransaction>((resolve) => still.layer.onRequest(resolve))
    if (!hop) throw new Error('no hop')
    // Any request of ours opens the connection that the INVITE then comes over.
    still.layer.sendAck(aRequest('ACK', 'sip:x@127.0.0.1'), hop)
    await far.hears('ACK ')
    far.write(invite.replace('SIP/2.0/UDP', 'SIP/2.0/TCP'))
    const transaction = await arrived
    let isUnacknowledged = false
    transaction.onUnacknowledged(() => {
      isUnacknowledged = true
    })
    answerWith(transaction, 486)
    await far.hears('486')
    still.clock.advance(31_999)
    expect([far.count('SIP/2.0 486'), isUnacknowledged]).toEqual([1, false])
    still.clock.advance(1)
    expect(isUnacknowledged).toBe(true)
    await far.close()
  })
})

describe('RFC 3261 §17.2.4: transport errors', () => {
  test('a response without a connection, existing or new, MUST be reported to the user', async () => {
    await still.layer.close()
    still = await openStillLayer({
      listen: [
        { protocol: 'udp', address: '192.0.2.1', port: 5060 },
        { protocol: 'tcp', address: '127.0.0.1', port: 0 },
      ],
    })
    const far = await openTcpPeer()
    const [hop] = still.layer.locateNow(`sip:127.0.0.1:${far.port};transport=tcp`) ?? []
    const arrived = new Promise<ServerTransaction>((resolve) => still.layer.onRequest(resolve))
    if (!hop) throw new Error('no hop')
    still.layer.sendAck(aRequest('ACK', 'sip:x@127.0.0.1'), hop)
    await far.hears('ACK ')
    // Nothing listens at its sent-by any more.
    far.write(invite.replace('SIP/2.0/UDP', 'SIP/2.0/TCP').replaceAll(`${peer.address}:${peer.port}`, `127.0.0.1:${far.port}`))
    const transaction = await arrived
    const witness = createDiary()
    still.layer.send(aRequest('OPTIONS', 'sip:x@127.0.0.1'), hop, witness)
    await witness.hears('sent')
    await far.close()
    await witness.hears('failure')
    await expect(
      new Promise<string>((resolve) => {
        transaction.onTransportFailure(() => resolve('told'))
        answerWith(transaction, 200)
      }),
    ).resolves.toBe('told')
  })
})
