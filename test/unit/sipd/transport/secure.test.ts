import { readFileSync } from 'node:fs'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Secret } from '../../../../src/base/secret.js'
import { createResponse } from '../../../../src/sip/message/builder.js'
import type { LiveTransactionLayer, TransactionLayerNeeds } from '../../../../src/sipd/transaction/open-transaction-layer.js'
import type { TlsIdentity } from '../../../../src/sipd/transport/tls.js'
import { aRequest, createDiary, openLayer } from '../../../support/sip/sip-pair.js'
import { wire } from '../../../support/sip/still-layer.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const read = (name: string): string => readFileSync(new URL(`../../../fixtures/tls/${name}`, import.meta.url), 'utf8')
const everyone = ['first', 'second', 'domain'].map((name) => read(`${name}-certificate.pem`)).join('')

function identity(name: 'first' | 'second' | 'domain', authorities: string | null = everyone): TlsIdentity {
  return { certificate: read(`${name}-certificate.pem`), key: new Secret(read(`${name}-key.pem`)), authorities }
}

async function open(
  protocol: 'tls' | 'ws' | 'wss',
  needs: Partial<TransactionLayerNeeds> = {},
): Promise<{ layer: LiveTransactionLayer; port: number }> {
  const layer = await openLayer({ listen: [{ protocol, address: '127.0.0.1', port: 0 }], tls: identity('first'), ...needs })
  closers.push(() => layer.close())
  layer.onRequest((transaction) => void transaction.respond(createResponse(transaction.request, 200, undefined, 'x')))
  return { layer, port: layer.listening[0]?.local.port ?? 0 }
}

describe('TLS', () => {
  async function ask(from: LiveTransactionLayer, uri: string): Promise<readonly string[]> {
    const [hop] = await from.locate(uri)
    if (!hop) throw new Error('no hop')
    const diary = createDiary()
    from.send(aRequest('OPTIONS', uri), hop, diary)
    await Promise.race([diary.hears('200'), diary.hears('failure')])
    return diary.heard
  }

  test('a sips URI is reached over TLS, and the Via says so', async () => {
    const callee = await open('tls')
    const caller = await open('tls')
    const seen = new Promise<string>((resolve) =>
      callee.layer.onRequest((transaction) => {
        transaction.respond(createResponse(transaction.request, 200, undefined, 'x'))
        resolve(transaction.request.topVia.transport)
      }),
    )
    expect(await ask(caller.layer, `sips:127.0.0.1:${callee.port}`)).toEqual(['sent', '200'])
    expect(await seen).toBe('TLS')
  })

  test('nothing is sent to a peer whose certificate is not signed by a known authority', async () => {
    const callee = await open('tls')
    const caller = await open('tls', { tls: identity('second', read('second-certificate.pem')) })
    expect(await ask(caller.layer, `sips:127.0.0.1:${callee.port}`)).toEqual(['sent', 'failure'])
  })

  test('RFC 5922 §7.2: nothing is sent to a peer whose certificate is for another host', async () => {
    const dns = { naptr: () => Promise.resolve([]), srv: () => Promise.resolve([]), addresses: () => Promise.resolve(['127.0.0.1']) }
    const callee = await open('tls')
    const caller = await open('tls', { dns })
    expect(await ask(caller.layer, `sips:elsewhere.test.invalid:${callee.port}`)).toEqual(['sent', 'failure'])
    expect(await ask(caller.layer, `sips:sip.test.invalid:${callee.port}`)).toEqual(['sent', '200'])
  })

  test('RFC 5922 §7.1: a certificate may name its domain by a SIP URI; one with a user names a person', async () => {
    const dns = { naptr: () => Promise.resolve([]), srv: () => Promise.resolve([]), addresses: () => Promise.resolve(['127.0.0.1']) }
    const callee = await open('tls', { tls: identity('domain') })
    const caller = await open('tls', { dns })
    for (const host of ['other.test.invalid', 'person.test.invalid', 'alice'])
      expect(await ask(caller.layer, `sips:${host}:${callee.port}`), host).toEqual(['sent', 'failure'])
    expect(await ask(caller.layer, `sips:Carrier.test.invalid:${callee.port}`)).toEqual(['sent', '200'])
  })

  test('a renewed certificate is shown to the next connection, and the open one stays', async () => {
    const { layer, port } = await open('tls')
    const subjectOf = (): Promise<{ subject: string; socket: TLSSocket }> =>
      new Promise((resolve, reject) => {
        const socket = connectTls({ port, host: '127.0.0.1', ca: everyone, rejectUnauthorized: true }, () => {
          const { subject } = socket.getPeerCertificate()
          resolve({ subject: String(subject.CN), socket })
        })
        socket.on('error', reject)
        closers.push(() => socket.destroy())
      })
    const before = await subjectOf()
    layer.renewTls(identity('second'))
    expect([before.subject, (await subjectOf()).subject]).toEqual(['hotdesk test first', 'hotdesk test second'])
    const answered = new Promise<string>((resolve) =>
      before.socket.once('data', (chunk: Buffer) => resolve(chunk.toString().split('\r\n')[0] ?? '')),
    )
    before.socket.write(wire({ line: 'OPTIONS sip:x@127.0.0.1 SIP/2.0', branch: 'z9hG4bK1', cseq: '1 OPTIONS' }).replace('/UDP', '/TLS'))
    expect(await answered).toBe('SIP/2.0 200 OK')
  })

  test('a certificate that does not match its key is refused, and the old ones stay', async () => {
    const { layer, port } = await open('tls')
    expect(() => layer.renewTls({ ...identity('first'), key: new Secret(read('second-key.pem')) })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    )
    await new Promise<void>((resolve, reject) => {
      const socket = connectTls({ port, host: '127.0.0.1', ca: everyone }, resolve)
      socket.on('error', reject)
      closers.push(() => socket.destroy())
    })
  })

  test('TLS below 1.2 is refused', async () => {
    const { port } = await open('tls')
    await expect(
      new Promise((resolve, reject) => {
        const socket = connectTls(
          { port, host: '127.0.0.1', ca: everyone, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
          () => resolve('connected'),
        )
        socket.on('error', reject)
        closers.push(() => socket.destroy())
      }),
    ).rejects.toThrow()
  })

  test('a TLS listen address without a certificate is refused before any port is open', async () => {
    await expect(openLayer({ listen: [{ protocol: 'tls', address: '127.0.0.1', port: 0 }] })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    })
  })
})

describe.each(['ws', 'wss'] as const)('RFC 7118: SIP over %s', (protocol) => {
  interface Browser {
    readonly socket: WebSocket
    next(): Promise<string>
  }

  async function browser(port: number, offered: string | string[] = 'sip'): Promise<Browser> {
    const socket = new WebSocket(`${protocol}://127.0.0.1:${port}`, offered, { ca: everyone })
    closers.push(() => socket.terminate())
    const waiting: ((text: string) => void)[] = []
    const received: string[] = []
    socket.on('message', (data: Buffer) => {
      const text = data.toString()
      const taker = waiting.shift()
      if (taker) taker(text)
      else received.push(text)
    })
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve())
      socket.once('error', reject)
    })
    return {
      socket,
      next: () => {
        const first = received.shift()
        return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first)
      },
    }
  }

  const register = wire({
    line: 'REGISTER sip:x.invalid SIP/2.0',
    branch: 'z9hG4bK1',
    cseq: '1 REGISTER',
    sentBy: 'df7jal23ls0d.invalid',
  }).replace('/UDP', `/${protocol.toUpperCase()}`)

  test('§5: each WebSocket message is one SIP message, both ways, and the phone is called on its connection', async () => {
    const { layer, port } = await open(protocol)
    const phone = await browser(port)
    expect(phone.socket.protocol).toBe('sip')
    const remote = new Promise<number>((resolve) =>
      layer.onRequest((transaction) => {
        transaction.respond(createResponse(transaction.request, 200, undefined, 'x'))
        resolve(transaction.flow.remote.port)
      }),
    )
    phone.socket.send(register)
    expect((await phone.next()).split('\r\n')[0]).toBe('SIP/2.0 200 OK')
    const uri = `sip:127.0.0.1:${await remote};transport=${protocol}`
    const [hop] = layer.locateNow(uri) ?? []
    if (!hop) throw new Error('no hop')
    layer.send(aRequest('OPTIONS', uri), hop, createDiary())
    expect((await phone.next()).split('\r\n').slice(0, 2).join()).toMatch(new RegExp(`^OPTIONS .*Via: SIP/2.0/${protocol.toUpperCase()} `))
  })

  test('§4.1: a client that does not offer the subprotocol "sip" MUST NOT be accepted', async () => {
    const { port } = await open(protocol)
    await expect(browser(port, 'chat')).rejects.toThrow()
    await expect(browser(port, ['chat', 'sip'])).resolves.toBeDefined()
  })

  test('a double CRLF is answered with a CRLF', async () => {
    const { port } = await open(protocol)
    const phone = await browser(port)
    phone.socket.send('\r\n\r\n')
    expect(await phone.next()).toBe('\r\n')
  })

  test('a request to a browser that is gone fails at once', async () => {
    const { layer } = await open(protocol)
    const uri = `sip:127.0.0.1:9;transport=${protocol}`
    const [hop] = layer.locateNow(uri) ?? []
    if (!hop) throw new Error('no hop')
    const diary = createDiary()
    layer.send(aRequest('OPTIONS', uri), hop, diary)
    await diary.hears('failure')
  })
})
