import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../src/base/clock.js'
import { createResponse } from '../../../../src/sip/message/builder.js'
import type { LiveTransactionLayer } from '../../../../src/sipd/transaction/open-transaction-layer.js'
import type { ServerTransaction } from '../../../../src/sipd/transaction/transaction-layer.js'
import { openTcpPeer } from '../../../support/net/tcp-peer.js'
import { createManualClock } from '../../../support/process/manual-clock.js'
import { aRequest, createDiary, openLayer } from '../../../support/sip/sip-pair.js'
import { wire } from '../../../support/sip/still-layer.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const options = (callId: string): string =>
  wire({ line: 'OPTIONS sip:x@127.0.0.1 SIP/2.0', branch: `z9hG4bK${callId}`, cseq: '1 OPTIONS', callId, sentBy: 'phone.invalid' }).replace(
    '/UDP',
    '/TCP',
  )

/** A bare client of the layer's TCP port. */
interface Phone {
  readonly socket: Socket
  hears(what: string, times?: number): Promise<string>
  readonly ended: Promise<void>
}

function openPhone(port: number): Phone {
  const socket = connect({ port, host: '127.0.0.1' })
  closers.push(() => socket.destroy())
  let text = ''
  const waiting = new Set<() => void>()
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    for (const look of waiting) look()
  })
  socket.on('error', () => socket.destroy())
  return {
    socket,
    hears: (what, times = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (text.split(what).length > times) resolve(text)
        }
        waiting.add(look)
        look()
      }),
    ended: new Promise((resolve) => socket.on('close', () => resolve())),
  }
}

/** A layer on TCP that answers every request with 200. */
async function openAnswering(
  needs: Parameters<typeof openLayer>[0] = {},
): Promise<{ layer: LiveTransactionLayer; port: number; seen: string[] }> {
  const layer = await openLayer({ listen: [{ protocol: 'tcp', address: '127.0.0.1', port: 0 }], ...needs })
  closers.push(() => layer.close())
  const seen: string[] = []
  layer.onRequest((transaction) => {
    seen.push(transaction.request.callId)
    transaction.respond(createResponse(transaction.request, 200, undefined, 'x'))
  })
  return { layer, port: layer.listening[0]?.local.port ?? 0, seen }
}

describe('messages on a stream (RFC 3261 §18.3)', () => {
  test('are found in one read that holds several and in reads that hold a byte each', async () => {
    const { port, seen } = await openAnswering()
    const phone = openPhone(port)
    phone.socket.setNoDelay(true)
    phone.socket.write(options('a') + options('b') + options('c'))
    await phone.hears('SIP/2.0 200', 3)
    for (const byte of options('d')) await new Promise((resolve) => phone.socket.write(byte, resolve))
    await phone.hears('SIP/2.0 200', 4)
    expect(seen).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a double CRLF is answered with a CRLF, a single one is not (RFC 5626 §3.5.1)', async () => {
    const { port } = await openAnswering()
    const phone = openPhone(port)
    phone.socket.write('\r\n')
    phone.socket.write('\r\n\r\n')
    expect(await phone.hears('\r\n')).toBe('\r\n')
    phone.socket.write(options('a'))
    expect((await phone.hears('200')).startsWith('\r\nSIP/2.0 200')).toBe(true)
  })

  test('without Content-Length get 400, and their connection alone is closed', async () => {
    const { port, layer } = await openAnswering()
    const other = openPhone(port)
    const phone = openPhone(port)
    phone.socket.write(options('a').replace('Content-Length: 0\r\n', ''))
    expect(await phone.hears('SIP/2.0 400')).toContain('Call-ID: a')
    await phone.ended
    other.socket.write(options('b'))
    await other.hears('SIP/2.0 200')
    expect(layer.counts().malformed).toBe(1)
  })
})

describe('connections', () => {
  test('a phone is called on the connection that it opened', async () => {
    const { layer, port } = await openAnswering()
    const phone = openPhone(port)
    const flow = new Promise<number>((resolve) => layer.onRequest(({ flow: { remote } }) => resolve(remote.port)))
    phone.socket.write(options('register'))
    const uri = `sip:HD0001@127.0.0.1:${await flow};transport=tcp`
    const [hop] = layer.locateNow(uri) ?? []
    if (!hop) throw new Error('no hop')
    const diary = createDiary()
    layer.send(aRequest('OPTIONS', uri), hop, diary)
    await phone.hears('OPTIONS sip:HD0001')
    expect(diary.sent[0]?.flow.remote.port).toBe(await flow)
  })

  test('requests to one address share a connection; when it closes, each pending request fails at once', async () => {
    const { layer } = await openAnswering()
    const far = await openTcpPeer()
    closers.push(() => far.close())
    const [hop] = layer.locateNow(`sip:127.0.0.1:${far.port};transport=tcp`) ?? []
    if (!hop) throw new Error('no hop')
    const diaries = [createDiary(), createDiary()]
    for (const diary of diaries) layer.send(aRequest('OPTIONS', 'sip:x@127.0.0.1'), hop, diary)
    await far.hears('OPTIONS sip', 2)
    expect(far.accepted).toBe(1)
    far.hangUp()
    await Promise.all(diaries.map((diary) => diary.hears('failure')))
  })

  test('a refused connection is reported to the user after onSent', async () => {
    const { layer } = await openAnswering()
    const far = await openTcpPeer()
    await far.close()
    const [hop] = layer.locateNow(`sip:127.0.0.1:${far.port};transport=tcp`) ?? []
    if (!hop) throw new Error('no hop')
    const diary = createDiary()
    layer.send(aRequest('OPTIONS', 'sip:x@127.0.0.1'), hop, diary)
    await diary.hears('failure')
    expect(diary.heard).toEqual(['sent', 'failure'])
  })

  test('a user that asks for one flow gets no other: if it is closed, the request fails', async () => {
    const { layer, port } = await openAnswering()
    const phone = openPhone(port)
    const transaction = new Promise<Parameters<Parameters<typeof layer.onRequest>[0]>[0]>((resolve) => layer.onRequest(resolve))
    phone.socket.write(options('a'))
    const { flow } = await transaction
    const witness = createDiary()
    const [hop] = layer.locateNow(`sip:127.0.0.1:${flow.remote.port};transport=tcp`) ?? []
    if (!hop) throw new Error('no hop')
    layer.send(aRequest('OPTIONS', 'sip:x@127.0.0.1'), hop, witness)
    phone.socket.destroy()
    await witness.hears('failure')
    const diary = createDiary()
    layer.send(aRequest('OPTIONS', 'sip:x@127.0.0.1'), { ...hop, flow }, diary)
    await diary.hears('failure')
    expect(diary.heard).toEqual(['sent', 'failure'])
  })

  test('a message that never ends closes its connection, and so does endless silence', async () => {
    const clock = createManualClock()
    const { layer, port } = await openAnswering({ clock, limits: { messageMs: 20_000, idleMs: 100_000 } })
    const slow = openPhone(port)
    const quiet = openPhone(port)
    quiet.socket.write(options('a'))
    await quiet.hears('SIP/2.0 200')
    slow.socket.write(`${options('b')}OPTIONS`)
    await slow.hears('SIP/2.0 200')
    clock.advance(30_000)
    await slow.ended
    quiet.socket.write(options('c'))
    await quiet.hears('SIP/2.0 200', 2)
    clock.advance(110_000)
    await quiet.ended
    expect(layer.counts().faults).toBe(0)
  })

  test('more connections than the table holds are closed and counted', async () => {
    const { layer, port } = await openAnswering({ limits: { connections: 1 } })
    const first = openPhone(port)
    first.socket.write(options('a'))
    await first.hears('SIP/2.0 200')
    const far = await openTcpPeer()
    closers.push(() => far.close())
    const [hop] = layer.locateNow(`sip:127.0.0.1:${far.port};transport=tcp`) ?? []
    if (!hop) throw new Error('no hop')
    const diary = createDiary()
    layer.send(aRequest('OPTIONS', 'sip:x@127.0.0.1'), hop, diary)
    await diary.hears('failure')
    await openPhone(port).ended
    expect(layer.load().connections).toBe(1)
    first.socket.write(options('b'))
    await first.hears('SIP/2.0 200', 2)
  })
})

describe('opening', () => {
  test.each(['udp', 'tcp'] as const)(
    'the error names a %s port in use, and listeners that were already open are closed',
    async (protocol) => {
      const first = await openLayer({ listen: [{ protocol, address: '127.0.0.1', port: 0 }] })
      closers.push(() => first.close())
      const port = first.listening[0]?.local.port ?? 0
      const free = await openLayer({ listen: [{ protocol, address: '127.0.0.1', port: 0 }] })
      const freePort = free.listening[0]?.local.port ?? 0
      await free.close()
      const listen = [
        { protocol, address: '127.0.0.1', port: freePort },
        { protocol, address: '127.0.0.1', port },
      ]
      await expect(openLayer({ listen })).rejects.toMatchObject({
        code: 'PORT_IN_USE',
        message: expect.stringContaining(`${protocol}://127.0.0.1:${port}`) as string,
      })
      const again = await openLayer({ listen: listen.slice(0, 1) })
      closers.push(() => again.close())
    },
  )

  test('the error names an address that this machine does not have', async () => {
    await expect(openLayer({ listen: [{ protocol: 'udp', address: '203.0.113.9', port: 0 }] })).rejects.toMatchObject({
      code: 'ADDRESS_UNAVAILABLE',
      message: expect.stringContaining('203.0.113.9') as string,
    })
  })

  test('close leaves nothing that keeps the process alive', async () => {
    const { layer, port } = await openAnswering({ clock: systemClock })
    const phone = openPhone(port)
    phone.socket.write(options('a'))
    await phone.hears('SIP/2.0 200')
    await layer.close()
    await phone.ended
  })
})

describe('the connection of an unknown source that makes an emergency call', () => {
  async function callOver(status: number) {
    const clock = createManualClock()
    const layer = await openLayer({ listen: [{ protocol: 'tcp', address: '127.0.0.1', port: 0 }], clock })
    closers.push(() => layer.close())
    layer.setKnownSources({ addresses: [], flows: [], uris: [], challenge: null })
    const taken = new Promise<ServerTransaction>((resolve) => layer.onRequest(resolve))
    const phone = openPhone(layer.listening[0]?.local.port ?? 0)
    const invite = {
      line: 'INVITE sip:112@127.0.0.1 SIP/2.0',
      branch: 'z9hG4bKhelp',
      cseq: '1 INVITE',
      callId: 'help',
      sentBy: 'x.invalid',
    }
    phone.socket.write(wire(invite).replace('/UDP', '/TCP'))
    const transaction = await taken
    // The centre is busy; meanwhile the phone says nothing.
    clock.advance(600_000)
    transaction.respond(createResponse(transaction.request, status, undefined, 'ours'))
    await phone.hears(`SIP/2.0 ${status}`)
    clock.advance(120_000)
    return { phone, layer }
  }

  test('stays open until the call is answered, and during the call', async () => {
    const { layer } = await callOver(200)
    expect(layer.load().connections).toBe(1)
  })

  test('is closed when idle once the call was refused', async () => {
    const { phone } = await callOver(486)
    await phone.ended
  })
})
