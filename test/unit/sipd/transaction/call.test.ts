import { afterEach, expect, test } from 'vitest'
import type { Protocol } from '../../../../src/base/listen-address.js'
import { createResponse } from '../../../../src/sip/message/builder.js'
import type { ServerTransaction, TransactionLayer } from '../../../../src/sipd/transaction/transaction-layer.js'
import { aRequest, createDiary, openLayer } from '../../../support/sip/sip-pair.js'

const opened: TransactionLayer[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((layer) => layer.close()))
})

async function pair(
  protocol: Protocol,
  address = '127.0.0.1',
): Promise<{ caller: TransactionLayer; callee: TransactionLayer; uri: string }> {
  const listen = [{ protocol, address, port: 0 }]
  const caller = await openLayer({ listen })
  const callee = await openLayer({ listen })
  opened.push(caller, callee)
  const port = callee.listening[0]?.local.port
  const host = address.includes(':') ? `[${address}]` : address
  return { caller, callee, uri: `sip:100@${host}:${port};transport=${protocol}` }
}

test.each([
  ['udp', '127.0.0.1'],
  ['udp', '::1'],
  ['tcp', '127.0.0.1'],
  ['tcp', '::1'],
] as const)('a call over %s at %s is set up, acknowledged and ended', async (protocol, address) => {
  const { caller, callee, uri } = await pair(protocol, address)
  const calls: ServerTransaction[] = []
  const acked = new Promise<string>((resolve) => callee.onAck((ack) => resolve(ack.callId)))
  callee.onRequest((transaction) => {
    calls.push(transaction)
    if (transaction.request.method === 'INVITE') {
      transaction.respond(createResponse(transaction.request, 100))
      transaction.respond(createResponse(transaction.request, 180, 'Ringing', 'callee'))
    }
    transaction.respond(createResponse(transaction.request, 200, 'OK', 'callee'))
  })
  const [hop] = caller.locateNow(uri) ?? []
  if (!hop) throw new Error('no hop')

  const invite = aRequest('INVITE', uri)
  const diary = createDiary()
  caller.send(invite, hop, diary)
  await diary.hears('200')
  expect(diary.heard).toEqual(['sent', '100', '180', '200'])
  const sent = caller.sendAck(aRequest('ACK', uri, { callId: invite.callId }), hop)
  expect(sent?.flow.protocol).toBe(protocol)
  expect(await acked).toBe(invite.callId)

  const bye = createDiary()
  caller.send(aRequest('BYE', uri, { callId: invite.callId }), hop, bye)
  await bye.hears('200')
  expect(calls.map(({ request }) => request.method)).toEqual(['INVITE', 'BYE'])
  expect(calls[0]?.flow.protocol).toBe(protocol)
})

test('CANCEL waits for a provisional response, finds its INVITE, and the INVITE ends with 487', async () => {
  const { caller, callee, uri } = await pair('udp')
  callee.onRequest((transaction) => {
    const { request, cancels } = transaction
    if (request.method === 'INVITE') transaction.respond(createResponse(request, 180, 'Ringing', 'callee'))
    if (!cancels) return
    transaction.respond(createResponse(request, 200, 'OK', 'callee'))
    cancels.respond(createResponse(cancels.request, 487, 'Request Terminated', 'callee'))
  })
  const [hop] = caller.locateNow(uri) ?? []
  if (!hop) throw new Error('no hop')
  const diary = createDiary()
  const cancelled = createDiary()
  const call = caller.send(aRequest('INVITE', uri), hop, diary)
  call.cancel(cancelled, 'SIP;cause=200')
  await Promise.all([diary.hears('487'), cancelled.hears('200')])
  expect(diary.heard).toEqual(['sent', '180', '487'])
  expect(cancelled.sent[0]?.bytes.toString('latin1')).toContain('\r\nReason: SIP;cause=200\r\n')
})
