import type { AddressInfo, Server, Socket } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import Fastify, { type FastifyInstance } from 'fastify'
import { type AppError, errors, messageOf } from '../base/errors.js'
import { printHostPort } from '../base/host-port.js'
import type { Logger } from '../base/logger.js'
import type { Secret } from '../base/secret.js'

export type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** PEM texts of an HTTPS server. */
interface HttpsParts {
  /** With its chain. */
  readonly certificate: string
  readonly key: Secret
  /** Authorities of client certificates. Null: clients are not asked for a certificate. */
  readonly clientAuthorities: string | null
}

export interface HttpNeeds {
  readonly address: string
  /** 0: chosen by the system. */
  readonly port: number
  /** Null: HTTP. */
  readonly tls: HttpsParts | null
  readonly limits: ConnectionLimits
  readonly log: Logger
}

export interface ConnectionLimits {
  readonly total: number
  readonly perSource: number
}

/** An HTTP server. Routes are added first, then it is opened. */
export interface HttpServer {
  readonly router: FastifyInstance
  /** Opens the port. Answers `http://192.0.2.10:8080`, with the actual port. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE */
  open(): Promise<string>
  /** Uses another certificate for new connections. */
  renew(parts: HttpsParts): void
  close(): Promise<void>
}

/** Timeout for a TLS handshake, for a request's headers, for a request, for a client that does not read, and between two requests. */
const idleMs = 10_000

export function createHttpServer({ address, port, tls, limits, log }: HttpNeeds): HttpServer {
  const router = Fastify({
    // A monitor's keep-alive connection must not delay the end of the node.
    forceCloseConnections: true,
    logger: false,
    bodyLimit: 1024 * 1024,
    return503OnClosing: false,
    keepAliveTimeout: idleMs,
    connectionTimeout: idleMs,
    ...(tls ? { https: { ...timeouts, handshakeTimeout: idleMs, ...contextOf(tls) } } : { http: timeouts }),
  }) as unknown as FastifyInstance
  limitConnections(router.server, limits)
  limitRequestsAhead(router)
  reportFaults(router, log)
  return {
    router,
    async open() {
      await listen(router, address, port)
      const bound = router.server.address() as AddressInfo
      const url = `${tls ? 'https' : 'http'}://${printHostPort(bound.address, bound.port)}`
      log.info({ event: 'http.listening', url }, `${tls ? 'HTTPS' : 'HTTP'} on ${url}`)
      return url
    },
    renew: (parts) => (router.server as unknown as Partial<TlsServer>).setSecureContext?.(contextOf(parts)),
    close: () => router.close(),
  }
}

const timeouts = { headersTimeout: idleMs, requestTimeout: idleMs, connectionsCheckingInterval: 1_000 }

/** A client without a valid certificate is still served: it may prove itself otherwise. */
function contextOf({ certificate, key, clientAuthorities }: HttpsParts) {
  const asks = clientAuthorities === null ? {} : { ca: clientAuthorities, requestCert: true, rejectUnauthorized: false }
  return { cert: certificate, key: key.reveal(), minVersion: 'TLSv1.2' as const, ...asks }
}

/** Idle connections must not use up the descriptors that calls need, and one source must not lock others out. */
function limitConnections(server: Server, { total, perSource }: ConnectionLimits): void {
  const bySource = new Map<string, number>()
  server.maxConnections = total
  server.on('connection', (socket) => {
    const source = socket.remoteAddress ?? ''
    const count = (bySource.get(source) ?? 0) + 1
    bySource.set(source, count)
    socket.once('close', () => {
      const left = (bySource.get(source) ?? 1) - 1
      if (left > 0) bySource.set(source, left)
      else bySource.delete(source)
    })
    if (count > perSource) socket.destroy()
  })
}

/** Phones and monitors await each answer, although they need not (RFC 9112 §9.3.2). */
const mostAhead = 16

/** One connection must not keep the node busy with requests whose answers nobody awaits, nor escape the delay of refusals in this way. */
function limitRequestsAhead(router: FastifyInstance): void {
  const open = new WeakMap<Socket, number>()
  router.addHook('onRequest', ({ raw: { socket } }, reply, proceed) => {
    const count = (open.get(socket) ?? 0) + 1
    open.set(socket, count)
    reply.raw.once('close', () => open.set(socket, (open.get(socket) ?? 1) - 1))
    if (count <= mostAhead) return proceed()
    reply.hijack()
    socket.destroy()
  })
}

/** A fault ends its request only. Its details go to the log, not to the client. */
function reportFaults(router: FastifyInstance, log: Logger): void {
  router.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'NOT_FOUND', message: 'no such path' }))
  router.setErrorHandler((fault: { statusCode?: number; message: string }, request, reply) => {
    const status = fault.statusCode ?? 500
    if (status >= 500) log.error({ event: 'http.fault', fault, method: request.method, url: request.routeOptions.url }, messageOf(fault))
    return reply
      .code(status)
      .send({ error: status >= 500 ? 'FAULT' : 'BAD_REQUEST', message: status >= 500 ? 'see the log' : fault.message })
  })
}

async function listen(router: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await router.listen({ host, port })
  } catch (fault) {
    await router.close()
    throw explained(fault, `${host}:${port}`)
  }
}

function explained(fault: unknown, place: string): AppError {
  const code = (fault as { code?: string }).code
  if (code === 'EADDRINUSE') return errors.PORT_IN_USE.http({ place }, fault)
  const reason = code === 'EACCES' ? 'ports below 1024 need root or CAP_NET_BIND_SERVICE' : messageOf(fault)
  return errors.ADDRESS_UNAVAILABLE.http({ place, reason }, fault)
}
