import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { AppError } from '../../../src/base/errors.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics, type Metrics } from '../../../src/base/metrics.js'
import { type Console, createConsole } from '../../../src/console/console.js'

const open: Console[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

async function start(parts: { metrics?: Metrics; reasons?: readonly string[]; port?: number } = {}): Promise<Console> {
  const { metrics = createMetrics(), reasons = [], port = 0 } = parts
  const opened = await createConsole({ address: '127.0.0.1', port, metrics, readiness: () => reasons, log: silentLogger() })
  open.push(opened)
  return opened
}

async function get(url: string): Promise<{ status: number; body: string; type: string }> {
  const response = await fetch(url)
  return { status: response.status, body: await response.text(), type: response.headers.get('content-type') ?? '' }
}

describe('HTTP', () => {
  test('/healthz answers while the process lives, ready or not', async () => {
    const { url } = await start({ reasons: ['Redis is lost'] })
    expect(await get(`${url}/healthz`)).toMatchObject({ status: 200, body: '{"status":"alive"}' })
  })

  test('/readyz is 200 without reasons against it', async () => {
    const { url } = await start()
    expect(await get(`${url}/readyz`)).toMatchObject({ status: 200, body: '{"status":"ready","reasons":[]}' })
  })

  test('/readyz is 200 with warnings', async () => {
    const warnings = () => ['Redis is nearly full']
    const opened = await createConsole({
      address: '127.0.0.1',
      port: 0,
      metrics: createMetrics(),
      readiness: () => [],
      warnings,
      log: silentLogger(),
    })
    open.push(opened)
    const { status, body } = await get(`${opened.url}/readyz`)
    expect([status, JSON.parse(body)]).toEqual([200, { status: 'ready', reasons: [], warnings: ['Redis is nearly full'] }])
  })

  test('/readyz is 503 with every reason', async () => {
    const { url } = await start({ reasons: ['Redis is lost', 'the SIP server is lost'] })
    const { status, body } = await get(`${url}/readyz`)
    expect(status).toBe(503)
    expect(JSON.parse(body)).toEqual({ status: 'not ready', reasons: ['Redis is lost', 'the SIP server is lost'] })
  })

  test('/metrics is Prometheus text with the counters', async () => {
    const metrics = createMetrics()
    metrics.callsTotal.inc({ result: 'success' }, 3)
    const { url } = await start({ metrics })
    const { status, body, type } = await get(`${url}/metrics`)
    expect(status).toBe(200)
    expect(type).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(body).toMatch(/^hotdesk_calls_total\{result="success"\} 3$/m)
  })

  test('any other path is 404, in JSON', async () => {
    const { url } = await start()
    expect(await get(`${url}/nothing?secret=1`)).toMatchObject({ status: 404, type: expect.stringMatching(/json/) as string })
  })

  test('the error names a port in use', async () => {
    const { url } = await start()
    const port = Number(new URL(url).port)
    const fault = await start({ port }).catch((thrown: unknown) => thrown)
    expect(fault).toBeInstanceOf(AppError)
    expect(fault).toMatchObject({ code: 'PORT_IN_USE', message: expect.stringContaining(`127.0.0.1:${port}`) as string })
  })

  test('the error names an address of another machine', async () => {
    const needs = { address: '203.0.113.9', port: 0, metrics: createMetrics(), readiness: () => [], log: silentLogger() }
    await expect(createConsole(needs)).rejects.toMatchObject({
      code: 'ADDRESS_UNAVAILABLE',
      message: expect.stringContaining('203.0.113.9') as string,
    })
  })

  test('closing does not wait for a monitor that keeps its connection', async () => {
    const opened = await start()
    await get(`${opened.url}/healthz`) // fetch keeps the connection open
    const began = performance.now()
    await opened.close()
    expect(performance.now() - began).toBeLessThan(4_000)
    await expect(get(`${opened.url}/healthz`)).rejects.toThrow()
  })
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
    expect(await get(`${url}/healthz`)).toMatchObject({ status: 200 })
    for (const socket of sockets) socket.destroy()
    await Promise.all(closed)
    expect(sockets).toHaveLength(80)
  })
})
