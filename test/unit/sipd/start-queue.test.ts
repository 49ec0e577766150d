import { expect, test } from 'vitest'
import { createStartQueue } from '../../../src/sipd/start-queue.js'
import { openStillLayer, wire } from '../../support/sip/still-layer.js'

function request(method: string, user: string, number: number): string {
  return wire({
    line: `${method} sip:${user}@192.0.2.1 SIP/2.0`,
    branch: `z9hG4bK${number}`,
    cseq: `1 ${method}`,
    callId: `call-${number}`,
  })
}

test('a full queue passes requests on at once, but always takes emergency calls, and all are handled in order', async () => {
  const { layer, clock, arrives } = await openStillLayer({ limits: { unanswered: 20_000 } })
  const room = createStartQueue({ layer, clock, patienceMs: 3_000 })
  const served: string[] = []
  room.layer.onRequest(({ request: { uri } }) => served.push(uri))
  for (let number = 0; number < 5_000; number += 1) arrives(request('REGISTER', String(10_000 + number), number))
  expect(served).toEqual([])
  arrives(request('INVITE', '101', 5_000))
  arrives(request('INVITE', '112', 5_001))
  expect(served).toEqual(['sip:101@192.0.2.1'])
  room.open()
  expect([served.length, served[1], served.at(-1)]).toEqual([5_002, 'sip:10000@192.0.2.1', 'sip:112@192.0.2.1'])
  await room.layer.close()
})

test('after the wait every request is passed on, but an emergency call waits three times as long', async () => {
  const { layer, clock, arrives } = await openStillLayer({ limits: { unanswered: 20_000 } })
  const room = createStartQueue({ layer, clock, patienceMs: 3_000 })
  const served: string[] = []
  room.layer.onRequest(({ request: { uri } }) => served.push(uri))
  arrives(request('INVITE', '101', 1))
  arrives(request('INVITE', '112', 2))
  clock.advance(3_000)
  arrives(request('INVITE', '102', 3))
  arrives(request('INVITE', '112', 4))
  expect(served).toEqual(['sip:101@192.0.2.1', 'sip:102@192.0.2.1'])
  clock.advance(6_000)
  expect(served.slice(2)).toEqual(['sip:112@192.0.2.1', 'sip:112@192.0.2.1'])
  await room.layer.close()
})
