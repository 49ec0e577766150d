import { once } from 'node:events'
import { get as httpsGet } from 'node:https'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { AppError } from '../../../src/base/errors.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createHttpServer, type HttpNeeds, type HttpServer } from '../../../src/http/http.js'
import { shownCertificate, tlsSample } from '../../support/net/tls-sample.js'

const open: HttpServer[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

const usual: HttpNeeds = { address: '127.0.0.1', port: 0, tls: null, limits: { total: 512, perSource: 64 }, log: silentLogger() }

async function start(parts: Partial<HttpNeeds> = {}): Promise<{ url: string; server: HttpServer }> {
  const server = createHttpServer({ ...usual, ...parts })
  server.router.get('/alive', () => 'yes')
  server.router.get('/fault', () => {
    throw new Error('the secret is 4711')
  })
  const url = await server.open()
  open.push(server)
  return { url, server }
}

async function get(url: string): Promise<{ status: number; body: string; type: string }> {
  const response = await fetch(url)
  return { status: response.status, body: await response.text(), type: response.headers.get('content-type') ?? '' }
}

describe('HTTP', () => {
  test('any other path is 404, in JSON, and is not repeated', async () => {
    const { url } = await start()
    const answer = await get(`${url}/nothing?secret=1`)
    expect(answer).toMatchObject({ status: 404, type: expect.stringMatching(/json/) as string })
    expect(answer.body).not.toContain('secret')
  })

  test('a fault ends its request only, and the client gets no details', async () => {
    const { url } = await start()
    expect(await get(`${url}/fault`)).toMatchObject({ status: 500, body: '{"error":"FAULT","message":"see the log"}' })
    expect(await get(`${url}/alive`)).toMatchObject({ status: 200, body: 'yes' })
  })

  test('the error names a port in use', async () => {
    const { url } = await start()
    const port = Number(new URL(url).port)
    const fault = await start({ port }).catch((thrown: unknown) => thrown)
    expect(fault).toBeInstanceOf(AppError)
    expect(fault).toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining(`127.0.0.1:${port}`) as string })
  })

  test('the error names an address of another machine', async () => {
    await expect(start({ address: '203.0.113.9' })).rejects.toMatchObject({
      code: 'ADDRESS_UNAVAILABLE',
      message: expect.stringContaining('203.0.113.9') as string,
    })
  })

  test('closing does not wait for a client that keeps its connection', async () => {
    const { url, server } = await start()
    await get(`${url}/alive`) // fetch keeps the connection open
    const began = performance.now()
    await server.close()
    expect(performance.now() - began).toBeLessThan(4_000)
    await expect(get(`${url}/alive`)).rejects.toThrow()
  })
})

describe('HTTPS', () => {
  const partsOf = (name: 'first' | 'second', clientAuthorities: string | null = null) => ({ ...tlsSample(name), clientAuthorities })

  test('shows its certificate, and a renewed one to the next connection', async () => {
    const { url, server } = await start({ tls: partsOf('first') })
    const port = Number(new URL(url).port)
    expect([url.split(':')[0], await shownCertificate(port)]).toEqual(['https', 'hotdesk test first'])
    server.renew(partsOf('second'))
    expect(await shownCertificate(port)).toBe('hotdesk test second')
  })

  test.each([
    ['without a certificate', null, false],
    ['with one of an authority of the node', 'second', true],
    ['with one of nobody', 'first', false],
  ] as const)('a client %s is served, and proven or not', async (_what, own, proven) => {
    const { url, server } = await start({ tls: partsOf('first', tlsSample('second').certificate) })
    const authorized = new Promise((resolve) => {
      server.router.server.once('secureConnection', (socket: { authorized: boolean }) => resolve(socket.authorized))
    })
    const identity = own === null ? {} : { cert: tlsSample(own).certificate, key: tlsSample(own).key.reveal() }
    const status = await new Promise((resolve, reject) => {
      httpsGet(`${url}/alive`, { ...identity, rejectUnauthorized: false, agent: false }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode))
      }).on('error', reject)
    })
    expect([status, await authorized]).toEqual([200, proven])
  })
})

describe('hostile clients', () => {
  async function send(url: string, text: string): Promise<{ socket: Socket; heard: () => string }> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port) })
    let heard = ''
    socket
      .on('error', () => undefined)
      .on('data', (piece) => {
        heard += String(piece)
      })
    await once(socket, 'connect')
    socket.write(text)
    return { socket, heard: () => heard }
  }

  test('huge headers are 431, and the connection is closed', async () => {
    const { url } = await start()
    const { socket, heard } = await send(url, `GET /alive HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(64 * 1024)}\r\n\r\n`)
    await once(socket, 'close')
    expect(heard()).toMatch(/^HTTP\/1\.1 431 /)
  })

  test('headers that never end are cut off after ten seconds, and others are served meanwhile', async () => {
    const { url } = await start()
    const slow = await Promise.all(Array.from({ length: 20 }, () => send(url, 'GET /alive HTTP/1.1\r\nHost: x\r\nX-Slow:')))
    const closed = slow.map(({ socket }) => once(socket, 'close'))
    expect(await get(`${url}/alive`)).toMatchObject({ status: 200 })
    expect(await Promise.all(closed)).toHaveLength(20)
  }, 20_000)
})

test('a client that sends many requests ahead of their answers is cut off; a few are answered in order', async () => {
  const { url } = await start()
  const { hostname, port } = new URL(url)
  for (const [count, answered] of [
    [8, 8],
    [1_000, 16],
  ] as const) {
    const socket = connect({ host: hostname, port: Number(port) })
    let heard = ''
    socket.on('error', () => undefined)
    socket.on('data', (piece) => {
      heard += String(piece)
    })
    socket.write('GET /alive HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(count - 1))
    socket.write('GET /alive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await once(socket, 'close')
    const answers = heard.split('HTTP/1.1 200 OK').length - 1
    if (count === answered) expect(answers).toBe(count)
    else expect(answers).toBeLessThanOrEqual(answered)
  }
})

describe('connections over HTTP', () => {
  async function visit(url: string, from: string): Promise<Socket> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), localAddress: from })
    socket.on('error', () => undefined)
    socket.resume()
    await once(socket, 'connect')
    return socket
  }

  test('an address with many connections locks no other out, and those above its limit are closed', async () => {
    const { url } = await start()
    const sockets = await Promise.all(Array.from({ length: 80 }, () => visit(url, '127.0.0.66')))
    const closed = sockets.map((socket) => once(socket, 'close'))
    await Promise.race(closed)
    expect(await get(`${url}/alive`)).toMatchObject({ status: 200 })
    for (const socket of sockets) socket.destroy()
    await Promise.all(closed)
    expect(sockets).toHaveLength(80)
  })
})
