import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createResponse } from '../../../../src/sip/message/builder.js'
import type { LiveTransactionLayer } from '../../../../src/sipd/transaction/open-transaction-layer.js'
import type { ServerTransaction } from '../../../../src/sipd/transaction/transaction-layer.js'
import { createManualClock, type ManualClock } from '../../../support/process/manual-clock.js'
import { aRequest, createDiary, openLayer } from '../../../support/sip/sip-pair.js'
import { wire } from '../../../support/sip/still-layer.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const quietMs = 2_000

function options(callId: string): string {
  const head = { line: 'OPTIONS sip:x@127.0.0.1 SIP/2.0', branch: `z9hG4bK${callId}`, cseq: '1 OPTIONS', callId, sentBy: 'phone.invalid' }
  return wire(head).replace('/UDP', '/TCP')
}

interface Stage {
  readonly layer: LiveTransactionLayer
  readonly clock: ManualClock
  readonly port: number
  /** The next request that arrives. */
  next(): Promise<ServerTransaction>
}

async function openStage(protocol: 'tcp' | 'ws'): Promise<Stage> {
  const clock = createManualClock()
  const layer = await openLayer({ listen: [{ protocol, address: '127.0.0.1', port: 0 }], clock })
  closers.push(() => layer.close())
  const port = layer.listening[0]?.local.port ?? 0
  return { layer, clock, port, next: () => new Promise((resolve) => layer.onRequest(resolve)) }
}

/** A phone over TCP whose OPTIONS has arrived and waits for its answer. */
async function connected({ port, next }: Stage, callId: string) {
  const socket: Socket = connect({ port, host: '127.0.0.1' })
  closers.push(() => socket.destroy())
  const arriving = next()
  socket.resume().write(options(callId))
  const transaction = await arriving
  const { connection, remote } = transaction.flow
  const answer = (): unknown => transaction.respond(createResponse(transaction.request, 200, undefined, 'x'))
  return { socket, answer, connection, name: `tcp 127.0.0.1:${remote.port}`, ended: once(socket, 'close') }
}

const noCalls = new Set<number>()

test('an idle connection is closed, and one that was not named stays open', async () => {
  const stage = await openStage('tcp')
  const [first, other] = [await connected(stage, 'a'), await connected(stage, 'b')]
  for (const { answer } of [first, other]) answer()
  stage.clock.advance(quietMs)
  stage.layer.closeIdle([first.name], noCalls)
  await first.ended
  expect(stage.layer.load().connections).toBe(1)
  stage.layer.closeIdle([other.name], noCalls)
  await other.ended
})

test('a connection stays open that was used in the last two seconds, that has a request to answer, or that carries a call', async () => {
  const stage = await openStage('tcp')
  const [asking, inCall, idle] = [await connected(stage, 'a'), await connected(stage, 'b'), await connected(stage, 'c')]
  for (const { answer } of [inCall, idle]) answer()
  stage.clock.advance(1)
  const recent = await connected(stage, 'd')
  recent.answer()
  stage.clock.advance(quietMs - 1)
  const names = [asking, inCall, recent, idle].map(({ name }) => name)
  stage.layer.closeIdle(names, new Set([inCall.connection ?? 0]))
  await idle.ended
  expect(stage.layer.load().connections).toBe(3)
  expect([asking, inCall, recent].map(({ socket }) => socket.readyState)).toEqual(['open', 'open', 'open'])
})

test('a connection stays open while a request of ours waits for the response of the phone', async () => {
  const stage = await openStage('tcp')
  const { layer, clock } = stage
  const [rung, idle] = [await connected(stage, 'a'), await connected(stage, 'b')]
  for (const { answer } of [rung, idle]) answer()
  const [hop] = layer.locateNow(`sip:HD0001@${rung.name.slice('tcp '.length)};transport=tcp`) ?? []
  if (!hop) throw new Error('no hop')
  const diary = createDiary()
  layer.send(aRequest('INVITE', 'sip:HD0001@127.0.0.1'), hop, diary)
  clock.advance(quietMs)
  layer.closeIdle([rung.name, idle.name], noCalls)
  await idle.ended
  expect([rung.socket.readyState, layer.load().connections, diary.heard]).toEqual(['open', 1, ['sent']])
})

test('a WebSocket is closed with the status 1001 (RFC 6455 §7.4.1)', async () => {
  const stage = await openStage('ws')
  const socket = new WebSocket(`ws://127.0.0.1:${stage.port}`, 'sip')
  closers.push(() => socket.terminate())
  await once(socket, 'open')
  const arriving = stage.next()
  socket.send(options('a').replace('/TCP', '/WS'))
  const { flow, request, respond } = await arriving
  respond(createResponse(request, 200, undefined, 'x'))
  stage.clock.advance(quietMs)
  stage.layer.closeIdle([`ws 127.0.0.1:${flow.remote.port}`], noCalls)
  expect((await once(socket, 'close'))[0]).toBe(1001)
})
