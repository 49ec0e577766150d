import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, test } from 'vitest'
import { createResponse } from '../../../../src/sip/message/builder.js'
import type { LiveTransactionLayer } from '../../../../src/sipd/transaction/open-transaction-layer.js'
import { openDeafPort } from '../../../support/net/deaf-port.js'
import { openTcpPeer } from '../../../support/net/tcp-peer.js'
import { aRequest, createDiary, openLayer } from '../../../support/sip/sip-pair.js'
import { openUdpPeer } from '../../../support/sip/sip-peer.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function open(needs: Parameters<typeof openLayer>[0] = {}): Promise<LiveTransactionLayer> {
  const layer = await openLayer(needs)
  closers.push(() => layer.close())
  return layer
}

const both = [
  { protocol: 'udp', address: '127.0.0.1', port: 0 },
  { protocol: 'tcp', address: '127.0.0.1', port: 0 },
] as const
const large = { body: Buffer.alloc(1_300, 'x') }

/** A UDP port that was just free, and is closed. */
async function closedPort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}

test('a closed UDP port of a peer is detected long before Timer B', async () => {
  const layer = await open({ timers: { t1: 20, t2: 80, t4: 100 } })
  const [hop] = layer.locateNow(`sip:127.0.0.1:${await closedPort()}`) ?? []
  if (!hop) throw new Error('no hop')
  const diary = createDiary()
  layer.send(aRequest('INVITE', 'sip:x@127.0.0.1'), hop, diary)
  await diary.hears('failure')
  expect(diary.heard).toEqual(['sent', 'failure'])
})

describe('RFC 3261 §18.1.1: a request above 1300 bytes', () => {
  test('MUST be sent over TCP, with TCP in its Via', async () => {
    const caller = await open({ listen: both })
    const callee = await open({ listen: [{ protocol: 'tcp', address: '127.0.0.1', port: 0 }] })
    const port = callee.listening[0]?.local.port
    const arrived = new Promise<string>((resolve) =>
      callee.onRequest((transaction) => {
        transaction.respond(createResponse(transaction.request, 200, undefined, 'x'))
        resolve(`${transaction.request.topVia.transport} ${transaction.request.vias.length}`)
      }),
    )
    const [hop] = caller.locateNow(`sip:127.0.0.1:${port}`) ?? []
    if (!hop) throw new Error('no hop')
    const diary = createDiary()
    caller.send(aRequest('INVITE', 'sip:x@127.0.0.1', large), hop, diary)
    await diary.hears('200')
    expect(await arrived).toBe('TCP 1')
    expect([diary.heard, diary.sent[0]?.flow.protocol]).toEqual([['sent', '200'], 'tcp'])
  })

  test('falls back to UDP if TCP is refused, and TCP is not tried again at once', async () => {
    const caller = await open({ listen: both })
    const callee = await open()
    const port = callee.listening[0]?.local.port
    const transports: string[] = []
    callee.onRequest((transaction) => {
      transports.push(transaction.request.topVia.transport)
      transaction.respond(createResponse(transaction.request, 200, undefined, 'x'))
    })
    const [hop] = caller.locateNow(`sip:127.0.0.1:${port}`) ?? []
    if (!hop) throw new Error('no hop')
    const first = createDiary()
    caller.send(aRequest('INVITE', 'sip:x@127.0.0.1', large), hop, first)
    await first.hears('200')
    expect([first.heard, first.sent.map(({ flow }) => flow.protocol)]).toEqual([['sent', '200'], ['udp']])
    const far = await openTcpPeer(port)
    closers.push(() => far.close())
    const second = createDiary()
    caller.send(aRequest('INVITE', 'sip:x@127.0.0.1', large), hop, second)
    await second.hears('200')
    expect([far.accepted, transports]).toEqual([0, ['UDP', 'UDP']])
  })

  test('is sent over UDP if a TCP connection is not open within a second', async () => {
    const deaf = await openDeafPort()
    closers.push(() => deaf.close())
    const heard = createSocket('udp4')
    closers.push(() => heard.close())
    const arrived = new Promise<string>((resolve) => heard.once('message', (text) => resolve(text.toString())))
    await new Promise<void>((resolve) => heard.bind(deaf.port, '127.0.0.1', resolve))
    const caller = await open({ listen: both })
    const [hop] = caller.locateNow(`sip:127.0.0.1:${deaf.port}`) ?? []
    if (!hop) throw new Error('no hop')
    const began = performance.now()
    caller.send(aRequest('INVITE', 'sip:x@127.0.0.1', large), hop, createDiary())
    expect(await arrived).toContain('SIP/2.0/UDP')
    const took = performance.now() - began
    expect(took).toBeGreaterThan(900)
    // The connection is given up after five.
    expect(took).toBeLessThan(4_000)
  })

  test('that has fallen back to UDP is retransmitted like any other', async () => {
    const caller = await open({ listen: both, timers: { t1: 20, t2: 80, t4: 200 } })
    const callee = await openUdpPeer({ port: caller.listening[0]?.local.port ?? 0 })
    closers.push(() => callee.close())
    const [hop] = caller.locateNow(`sip:127.0.0.1:${callee.port}`) ?? []
    if (!hop) throw new Error('no hop')
    const diary = createDiary()
    caller.send(aRequest('INVITE', 'sip:x@127.0.0.1', large), hop, diary)
    const first = await callee.hearsRequest('INVITE')
    const again = await callee.hearsRequest('INVITE')
    expect(again.topVia).toEqual(first.topVia)
    callee.respond(again, 486)
    await diary.hears('486')
  })

  test('that was cancelled meanwhile is cancelled over UDP', async () => {
    const caller = await open({ listen: both })
    const callee = await open()
    callee.onRequest((transaction) => {
      const { request, cancels } = transaction
      transaction.respond(createResponse(request, request.method === 'INVITE' ? 180 : 200, undefined, 'x'))
      cancels?.respond(createResponse(cancels.request, 487, undefined, 'x'))
    })
    const [hop] = caller.locateNow(`sip:127.0.0.1:${callee.listening[0]?.local.port}`) ?? []
    if (!hop) throw new Error('no hop')
    const diary = createDiary()
    caller.send(aRequest('INVITE', 'sip:x@127.0.0.1', large), hop, diary).cancel(createDiary(), null)
    await diary.hears('487')
    expect(diary.heard).toEqual(['sent', '180', '487'])
  })
})

test('a socket bound to all addresses shows each peer one that it can reach', async () => {
  const layer = await open({ listen: [{ protocol: 'udp', address: '0.0.0.0', port: 0 }] })
  const [hop] = layer.locateNow('sip:127.0.0.1:5999') ?? []
  expect(hop?.advertised.address).toBe('127.0.0.1')
  expect(layer.locateNow('sip:192.0.2.99')?.[0]?.advertised.address).not.toBe('0.0.0.0')
})

test('the advertised address is shown only to peers of its address family', async () => {
  const listen = [
    { protocol: 'udp', address: '127.0.0.1', port: 0 },
    { protocol: 'udp', address: '::1', port: 0 },
  ] as const
  const shown = async (advertise: string): Promise<readonly (string | undefined)[]> => {
    const layer = await open({ listen, advertise })
    return ['sip:127.0.0.1:5999', 'sip:[::1]:5999'].map((uri) => layer.locateNow(uri)?.[0]?.advertised.address)
  }
  expect(await shown('192.0.2.10')).toEqual(['192.0.2.10', '::1'])
  expect(await shown('2001:db8::10')).toEqual(['127.0.0.1', '2001:db8::10'])
  expect(await shown('sip.example.net')).toEqual(['sip.example.net', 'sip.example.net'])
})

test('the advertised address is in Via, and responses still arrive', async () => {
  const caller = await open({ advertise: 'sip.example.net' })
  const callee = await open()
  callee.onRequest((transaction) => void transaction.respond(createResponse(transaction.request, 200, undefined, 'x')))
  const [hop] = caller.locateNow(`sip:127.0.0.1:${callee.listening[0]?.local.port}`) ?? []
  if (!hop) throw new Error('no hop')
  const diary = createDiary()
  caller.send(aRequest('OPTIONS', 'sip:x@127.0.0.1'), hop, diary)
  await diary.hears('200')
  expect(diary.sent[0]?.bytes.toString()).toContain(
    `\r\nVia: SIP/2.0/UDP sip.example.net:${caller.listening[0]?.local.port};rport;branch=z9hG4bK`,
  )
  expect(diary.responses[0]?.topVia.params.get('received')).toBe('127.0.0.1')
})

test('a message too large for a datagram fails at once, and others are not affected', async () => {
  const caller = await open()
  const callee = await open()
  const held: Parameters<Parameters<typeof callee.onRequest>[0]>[0][] = []
  const arrived = new Promise<void>((resolve) =>
    callee.onRequest((transaction) => {
      held.push(transaction)
      resolve()
    }),
  )
  const [hop] = caller.locateNow(`sip:127.0.0.1:${callee.listening[0]?.local.port}`) ?? []
  if (!hop) throw new Error('no hop')
  const waiting = createDiary()
  caller.send(aRequest('OPTIONS', 'sip:x@127.0.0.1'), hop, waiting)
  await arrived
  const huge = createDiary()
  caller.send(aRequest('MESSAGE', 'sip:x@127.0.0.1', { body: Buffer.alloc(66_000) }), hop, huge)
  await huge.hears('failure')
  for (const transaction of held) transaction.respond(createResponse(transaction.request, 200, undefined, 'x'))
  await waiting.hears('200')
})
