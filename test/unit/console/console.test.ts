import { afterEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics, type Metrics } from '../../../src/base/metrics.js'
import { addConsole } from '../../../src/console/console.js'
import { createHttpServer, type HttpServer } from '../../../src/http/http.js'

const open: HttpServer[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

interface Parts {
  readonly metrics?: Metrics
  readonly reasons?: readonly string[]
  readonly warnings?: readonly string[]
}

async function start({ metrics = createMetrics(), reasons = [], warnings = [] }: Parts = {}): Promise<{ url: string }> {
  const limits = { total: 512, perSource: 64 }
  const server = createHttpServer({ address: '127.0.0.1', port: 0, tls: null, limits, log: silentLogger() })
  open.push(server)
  addConsole(server.router, { metrics, readiness: () => reasons, warnings: () => warnings })
  return { url: await server.open() }
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
    const { url } = await start({ warnings: ['Redis is nearly full'] })
    const { status, body } = await get(`${url}/readyz`)
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
})
