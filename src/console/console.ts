import type { AddressInfo, Server } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { type AppError, errors, messageOf } from '../base/errors.js'
import { printHostPort } from '../base/host-port.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import { healthRoutes, type Readiness } from './health.js'

export interface ConsoleNeeds {
  readonly address: string
  /** 0: chosen by the system. */
  readonly port: number
  readonly metrics: Metrics
  readonly readiness: Readiness
  readonly warnings?: Readiness
  /** See `HealthNeeds`. */
  readonly identity?: Readonly<Record<string, string>>
  readonly log: Logger
}

/** The HTTP server for health and metrics. */
export interface Console {
  /** `http://192.0.2.10:8080`, with the actual port. */
  readonly url: string
  close(): Promise<void>
}

/** Timeout for a request's headers, for a request, and between two requests. */
const idleMs = 10_000
const maxConnections = 512
const maxPerSource = 64

/** Opens the port. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE */
export async function createConsole({ address, port, metrics, readiness, warnings, identity, log }: ConsoleNeeds): Promise<Console> {
  // forceCloseConnections: a monitor's keep-alive connection must not delay the end of the node.
  const server = Fastify({
    forceCloseConnections: true,
    logger: false,
    bodyLimit: 1024 * 1024,
    return503OnClosing: false,
    keepAliveTimeout: idleMs,
    http: { headersTimeout: idleMs, requestTimeout: idleMs, connectionsCheckingInterval: 1_000 },
  })
  limitConnections(server.server)
  reportFaults(server, log)
  healthRoutes(server, { metrics, readiness, ...(warnings ? { warnings } : {}), ...(identity ? { identity } : {}) })
  await listen(server, address, port)
  const bound = server.server.address() as AddressInfo
  const url = `http://${printHostPort(bound.address, bound.port)}`
  log.info({ event: 'http.listening', url }, `HTTP on ${url}`)
  return { url, close: () => server.close() }
}

/** Idle connections must not use up the descriptors that calls need, and one source must not lock monitors out. */
function limitConnections(server: Server): void {
  const bySource = new Map<string, number>()
  server.maxConnections = maxConnections
  server.on('connection', (socket) => {
    const source = socket.remoteAddress ?? ''
    const count = (bySource.get(source) ?? 0) + 1
    bySource.set(source, count)
    socket.once('close', () => {
      const left = (bySource.get(source) ?? 1) - 1
      if (left > 0) bySource.set(source, left)
      else bySource.delete(source)
    })
    if (count > maxPerSource) socket.destroy()
  })
}

/** A fault ends its request only. Its details go to the log, not to the client. */
function reportFaults(server: FastifyInstance, log: Logger): void {
  server.setNotFoundHandler((request, reply) => reply.code(404).send({ error: 'NOT_FOUND', message: `no such path: ${request.url}` }))
  server.setErrorHandler((fault: { statusCode?: number; message: string }, request, reply) => {
    const status = fault.statusCode ?? 500
    if (status >= 500) log.error({ event: 'http.fault', fault, method: request.method, url: request.routeOptions.url }, messageOf(fault))
    return reply
      .code(status)
      .send({ error: status >= 500 ? 'FAULT' : 'BAD_REQUEST', message: status >= 500 ? 'see the log' : fault.message })
  })
}

async function listen(server: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await server.listen({ host, port })
  } catch (fault) {
    await server.close()
    throw explained(fault, `${host}:${port}`)
  }
}

function explained(fault: unknown, place: string): AppError {
  const code = (fault as { code?: string }).code
  if (code === 'EADDRINUSE') return errors.PORT_IN_USE.http({ place }, fault)
  const reason = code === 'EACCES' ? 'ports below 1024 need root or CAP_NET_BIND_SERVICE' : messageOf(fault)
  return errors.ADDRESS_UNAVAILABLE.http({ place, reason }, fault)
}
