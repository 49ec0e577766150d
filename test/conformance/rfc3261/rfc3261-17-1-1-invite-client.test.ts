import { afterEach, describe, expect, test } from 'vitest'
import type { ClientTransaction } from '../../../src/sipd/transaction/transaction-layer.js'
import { openTcpPeer } from '../../support/net/tcp-peer.js'
import { aRequest, createDiary, type Diary } from '../../support/sip/sip-pair.js'
import { answer, openStillLayer, peer, type StillLayer } from '../../support/sip/still-layer.js'

const uri = 'sip:100@192.0.2.7:5070'
let still: StillLayer
afterEach(() => still.layer.close())

async function invite(
  headers: readonly (readonly [string, string])[] = [],
): Promise<{ diary: Diary; call: ClientTransaction; text: string }> {
  still = await openStillLayer()
  const diary = createDiary()
  const call = still.layer.send(aRequest('INVITE', uri, { headers }), still.hop, diary)
  await diary.hears('sent')
  return { diary, call, text: still.net.sent[0]?.text ?? '' }
}

describe('RFC 3261 §17.1.1.2: the INVITE client transaction over an unreliable transport', () => {
  test('MUST retransmit when Timer A fires, each time after twice the time, until Timer B ends it after 64*T1', async () => {
    const { diary } = await invite()
    still.clock.advance(31_999)
    expect(still.sentAt()).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500])
    expect(new Set(still.net.sent.map(({ text }) => text)).size).toBe(1)
    expect(diary.heard).toEqual(['sent'])
    still.clock.advance(1)
    expect(diary.heard).toEqual(['sent', 'timeout'])
    still.clock.advance(64_000)
    expect(still.sentAt()).toHaveLength(7)
  })

  test('MUST NOT retransmit the request in the "Proceeding" state, however long it rings', async () => {
    const { diary, text } = await invite()
    still.clock.advance(600)
    still.arrives(answer(text, 180))
    still.clock.advance(170_000)
    still.arrives(answer(text, 180))
    expect(still.sentAt()).toEqual([0, 500])
    expect(diary.heard).toEqual(['sent', '180', '180'])
  })

  test('a 300-699 response MUST be passed up and an ACK generated, to the same address, even when it comes first', async () => {
    const { diary, text } = await invite()
    still.arrives(answer(text, 486))
    expect(diary.heard).toEqual(['sent', '486'])
    expect(still.net.sent.map(({ text: sent, to }) => [sent.split(' ')[0], to])).toEqual([
      ['INVITE', peer],
      ['ACK', peer],
    ])
  })

  test('retransmissions of the final response MUST cause the ACK again and MUST NOT be passed up, for 32 s of Timer D', async () => {
    const { diary, call, text } = await invite()
    still.arrives(answer(text, 486))
    still.clock.advance(31_999)
    still.arrives(answer(text, 486))
    expect(still.net.sent.map(({ text: sent }) => sent.split(' ')[0])).toEqual(['INVITE', 'ACK', 'ACK'])
    expect(still.net.sent[2]?.text).toBe(still.net.sent[1]?.text)
    expect([diary.heard, call.terminated]).toEqual([['sent', '486'], false])
    still.clock.advance(1)
    expect(call.terminated).toBe(true)
    still.arrives(answer(text, 486))
    expect(still.sentAt()).toHaveLength(3)
    expect(still.layer.counts().strayResponses).toBe(1)
  })

  test('a transport error MUST be reported to the user and end the transaction', async () => {
    const { diary, call } = await invite()
    still.net.refuse(peer)
    expect([diary.heard, call.terminated]).toEqual([['sent', 'failure'], true])
    still.clock.advance(64_000)
    expect(still.sentAt()).toEqual([0])
    expect(diary.heard).toEqual(['sent', 'failure'])
  })

  test('no alarm is left after the end', async () => {
    const { text } = await invite()
    const before = still.clock.pending
    still.arrives(answer(text, 180))
    still.arrives(answer(text, 404))
    still.clock.advance(32_000)
    // Two of them were Timers A and B; the sweep of connections stays.
    expect(before - still.clock.pending).toBe(2)
  })
})

describe('RFC 3261 §17.1.1.3: the ACK of a non-2xx response', () => {
  test('MUST have the Call-ID, From, Request-URI and Route of the INVITE, its top Via alone, and To from the response', async () => {
    const { text } = await invite([['Route', '<sip:192.0.2.7:5070;lr>']])
    still.arrives(answer(text, 486, 'theirs'))
    const ack = (still.net.sent[1]?.text ?? '').split('\r\n')
    const lineOf = (lines: readonly string[], name: string): string | undefined => lines.find((line) => line.startsWith(`${name}: `))
    const inviteLines = text.split('\r\n')
    expect(ack[0]).toBe(`ACK ${uri} SIP/2.0`)
    for (const name of ['Via', 'From', 'Call-ID', 'Route']) expect(lineOf(ack, name)).toBe(lineOf(inviteLines, name))
    expect(lineOf(ack, 'To')).toBe(`${lineOf(inviteLines, 'To')};tag=theirs`)
    expect(lineOf(ack, 'CSeq')).toBe('CSeq: 1 ACK')
    expect(ack.filter((line) => line.startsWith('Via:'))).toHaveLength(1)
  })
})

describe('RFC 3261 §9.1: CANCEL', () => {
  test('MUST NOT be sent before a provisional response has come, and goes out as soon as it has, with the same branch', async () => {
    const { diary, call, text } = await invite()
    const cancelled = createDiary()
    call.cancel(cancelled, 'SIP;cause=200')
    await Promise.resolve()
    expect(still.sentAt()).toEqual([0])
    still.arrives(answer(text, 180))
    await cancelled.hears('sent')
    const cancel = still.net.sent[1]?.text ?? ''
    expect(cancel.split('\r\n')[0]).toBe(`CANCEL ${uri} SIP/2.0`)
    expect(/^Via: (.*)$/m.exec(cancel)?.[1]).toBe(/^Via: (.*)$/m.exec(text)?.[1])
    expect(cancel).toContain('\r\nCSeq: 1 CANCEL\r\n')
    expect(cancel).toContain('\r\nReason: SIP;cause=200\r\n')
    still.arrives(answer(cancel, 200))
    still.arrives(answer(text, 487))
    expect([diary.heard, cancelled.heard]).toEqual([
      ['sent', '180', '487'],
      ['sent', '200'],
    ])
  })

  test('has no effect on a request that has its final response: none is sent', async () => {
    const { call, text } = await invite()
    still.arrives(answer(text, 200))
    call.cancel(createDiary(), null)
    expect(still.net.sent).toHaveLength(1)
  })

  test('a second CANCEL of the same INVITE is not sent', async () => {
    const { call, text } = await invite()
    still.arrives(answer(text, 180))
    call.cancel(createDiary(), null)
    call.cancel(createDiary(), null)
    expect(still.net.sent.filter(({ text: sent }) => sent.startsWith('CANCEL'))).toHaveLength(1)
  })

  test('an INVITE that was cancelled and has no final response after 64*T1 is considered ended', async () => {
    const { diary, call, text } = await invite()
    still.arrives(answer(text, 180))
    const cancelled = createDiary()
    call.cancel(cancelled, null)
    await cancelled.hears('sent')
    still.arrives(answer(still.net.sent[1]?.text ?? '', 200))
    still.clock.advance(31_999)
    expect(diary.heard).toEqual(['sent', '180'])
    still.clock.advance(1)
    expect(diary.heard).toEqual(['sent', '180', 'timeout'])
  })
})

describe('RFC 3261 §17.1.1.2: the INVITE client transaction over a reliable transport', () => {
  test('SHOULD NOT start Timer A, MUST start Timer B, and Timer D is zero', async () => {
    const far = await openTcpPeer()
    still = await openStillLayer({
      listen: [
        { protocol: 'udp', address: '192.0.2.1', port: 5060 },
        { protocol: 'tcp', address: '127.0.0.1', port: 0 },
      ],
    })
    const [hop] = still.layer.locateNow(`sip:127.0.0.1:${far.port};transport=tcp`) ?? []
    if (!hop) throw new Error('no hop')

    const unanswered = createDiary()
    still.layer.send(aRequest('INVITE', uri), hop, unanswered)
    const refused = createDiary()
    const call = still.layer.send(aRequest('INVITE', uri), hop, refused)
    await far.hears('INVITE sip', 2)
    still.clock.advance(31_999)
    expect(far.count('INVITE sip')).toBe(2)
    expect(unanswered.heard).toEqual(['sent'])
    const second = `INVITE sip${far.text().split('INVITE sip')[2]}`
    far.write(answer(second, 486))
    await refused.hears('486')
    expect(call.terminated).toBe(true)
    still.clock.advance(1)
    expect(unanswered.heard).toEqual(['sent', 'timeout'])
    await far.close()
  })
})
