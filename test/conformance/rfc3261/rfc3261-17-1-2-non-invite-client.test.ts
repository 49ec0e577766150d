import { afterEach, describe, expect, test } from 'vitest'
import { aRequest, createDiary, type Diary } from '../../support/sip/sip-pair.js'
import { answer, openStillLayer, peer, type StillLayer } from '../../support/sip/still-layer.js'

const uri = 'sip:100@192.0.2.7:5070'
let still: StillLayer
afterEach(() => still.layer.close())

async function options(): Promise<{ diary: Diary; text: string; isOver: () => boolean }> {
  still = await openStillLayer()
  const diary = createDiary()
  const transaction = still.layer.send(aRequest('OPTIONS', uri), still.hop, diary)
  await diary.hears('sent')
  return { diary, text: still.net.sent[0]?.text ?? '', isOver: () => transaction.terminated }
}

describe('RFC 3261 §17.1.2.2: the non-INVITE client transaction over an unreliable transport', () => {
  test('MUST retransmit when Timer E fires, at intervals that double up to T2, until Timer F ends it after 64*T1', async () => {
    const { diary } = await options()
    still.clock.advance(31_999)
    expect(still.sentAt()).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500])
    still.clock.advance(1)
    expect(diary.heard).toEqual(['sent', 'timeout'])
  })

  test('in "Proceeding" the request MUST be retransmitted every T2, and Timer F still ends it', async () => {
    const { diary, text } = await options()
    still.clock.advance(600)
    still.arrives(answer(text, 100))
    still.clock.advance(31_400)
    expect(still.sentAt()).toEqual([0, 500, 1_500, 5_500, 9_500, 13_500, 17_500, 21_500, 25_500, 29_500])
    expect(diary.heard).toEqual(['sent', '100', 'timeout'])
  })

  test('a final response MUST be passed up, and its copies absorbed for T4 of Timer K', async () => {
    const { diary, text, isOver } = await options()
    still.clock.advance(700)
    still.arrives(answer(text, 200))
    still.clock.advance(4_999)
    still.arrives(answer(text, 200))
    expect([diary.heard, isOver(), still.sentAt()]).toEqual([['sent', '200'], false, [0, 500]])
    still.clock.advance(1)
    expect(isOver()).toBe(true)
    still.arrives(answer(text, 200))
    expect(still.layer.counts().strayResponses).toBe(1)
  })

  test('a transport error MUST be reported to the user and end the transaction', async () => {
    const { diary, isOver } = await options()
    still.net.refuse(peer)
    still.clock.advance(64_000)
    expect([diary.heard, isOver(), still.sentAt()]).toEqual([['sent', 'failure'], true, [0]])
  })
})

describe('RFC 3261 §17.1.3: matching responses to client transactions', () => {
  test('a response MUST have the branch of the request in its top Via', async () => {
    const { diary, text } = await options()
    still.arrives(answer(text, 200).replace(/branch=[^;\r]+/, 'branch=z9hG4bKother'))
    expect(diary.heard).toEqual(['sent'])
    expect(still.layer.counts().strayResponses).toBe(1)
  })

  test('and the method of the request in its CSeq', async () => {
    const { diary, text } = await options()
    still.arrives(answer(text, 200).replace('1 OPTIONS', '1 INFO'))
    expect(diary.heard).toEqual(['sent'])
  })
})
