import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createResponse } from '../../../src/sip/message/builder.js'
import type { SipRequest } from '../../../src/sip/message/message.js'
import type { LiveTransactionLayer } from '../../../src/sipd/transaction/open-transaction-layer.js'
import { sampleAuthorities, tlsSample } from '../../support/net/tls-sample.js'
import { aRequest, createDiary, openLayer } from '../../support/sip/sip-pair.js'
import { wire } from '../../support/sip/still-layer.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Server {
  readonly layer: LiveTransactionLayer
  readonly port: number
  readonly heard: SipRequest[]
}

async function openServer(authorities = sampleAuthorities): Promise<Server> {
  const dns = { naptr: () => Promise.resolve([]), srv: () => Promise.resolve([]), addresses: () => Promise.resolve(['127.0.0.1']) }
  const tls = { ...tlsSample('first'), authorities }
  const layer = await openLayer({ listen: [{ protocol: 'tls', address: '127.0.0.1', port: 0 }], tls, dns })
  closers.push(() => layer.close())
  const heard: SipRequest[] = []
  layer.onRequest((transaction) => {
    heard.push(transaction.request)
    transaction.respond(createResponse(transaction.request, 200, undefined, 'x'))
  })
  return { layer, port: layer.listening[0]?.local.port ?? 0, heard }
}

/** The result of an OPTIONS from one server to the other. */
async function ask({ layer }: Server, uri: string): Promise<string> {
  const [hop] = await layer.locate(uri)
  if (!hop) throw new Error('no hop')
  const diary = createDiary()
  layer.send(aRequest('OPTIONS', uri), hop, diary)
  await Promise.race([diary.hears('200'), diary.hears('failure')])
  return diary.heard.at(-1) ?? ''
}

const connections = ({ layer }: Server): number => layer.load().connections

describe('a connection over TLS between two servers', () => {
  let one: Server
  let other: Server
  beforeEach(async () => {
    one = await openServer()
    other = await openServer()
  })

  it('is offered by alias in the Via (RFC 5923 §8.1), and requests of the other side go over it (§8.2)', async () => {
    expect(await ask(one, `sips:127.0.0.1:${other.port}`)).toBe('200')
    expect(other.heard[0]?.topVia.params.get('alias')).toBeNull()
    expect(await ask(other, `sips:127.0.0.1:${one.port}`)).toBe('200')
    expect(await ask(other, `sips:sip.test.invalid:${one.port}`)).toBe('200')
    expect([connections(one), connections(other)]).toEqual([1, 1])
  })

  it('is not used for a host that the certificate of the peer does not cover (§9.3)', async () => {
    expect(await ask(one, `sips:127.0.0.1:${other.port}`)).toBe('200')
    expect(await ask(other, `sips:elsewhere.test.invalid:${one.port}`)).toBe('failure')
    expect(await ask(one, `sips:elsewhere.test.invalid:${other.port}`)).toBe('failure')
  })
})

describe('a client', () => {
  /** Sends an OPTIONS that says it listens on that port; resolves with its answer. */
  async function says(
    server: Server,
    listening: number,
    { alias, certificate }: { alias: string; certificate: 'first' | 'second' | null },
  ): Promise<TLSSocket> {
    const shown = certificate && tlsSample(certificate)
    const own = shown && { cert: shown.certificate, key: shown.key.reveal() }
    const socket = connect({ port: server.port, host: '127.0.0.1', ca: sampleAuthorities, ...own })
    closers.push(() => socket.destroy())
    const options = wire({
      line: 'OPTIONS sip:x@127.0.0.1 SIP/2.0',
      branch: 'z9hG4bK1',
      cseq: '1 OPTIONS',
      sentBy: `127.0.0.1:${listening}${alias}`,
    })
    socket.write(options.replace('/UDP', '/TLS'))
    await once(socket, 'data')
    return socket
  }

  it.each([
    ['does not offer its connection', { alias: '', certificate: 'first' }],
    ['shows no certificate (RFC 5923 §9.2)', { alias: ';alias', certificate: null }],
    ['shows a certificate that is not believed (RFC 5923 §9.2)', { alias: ';alias', certificate: 'second' }],
  ] as const)('that %s gets calls over another connection', async (_what, how) => {
    const [server, listening] = [await openServer(tlsSample('first').certificate), await openServer()]
    await says(server, listening.port, how)
    expect(await ask(server, `sips:127.0.0.1:${listening.port}`)).toBe('200')
    expect([connections(server), listening.heard.length]).toEqual([2, 1])
  })

  it('that offers it and shows its certificate gets calls on it, until it is closed (§8.3)', async () => {
    const [server, listening] = [await openServer(), await openServer()]
    const socket = await says(server, listening.port, { alias: ';alias', certificate: 'first' })
    const called = once(socket, 'data')
    void ask(server, `sips:127.0.0.1:${listening.port}`)
    expect(String((await called)[0])).toMatch(/^OPTIONS sips:127/)
    socket.destroy()
    await expect.poll(() => connections(server), { timeout: 5_000 }).toBe(0)
    expect(await ask(server, `sips:127.0.0.1:${listening.port}`)).toBe('200')
    expect(listening.heard).toHaveLength(1)
  })
})
