import { connect as connectTcp, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import type { Clock } from '../../base/clock.js'
import { type AppError, errors } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { Secret } from '../../base/secret.js'
import type { OutboundPlace } from '../contract.js'
import type { UserAgent } from '../core/user-agent.js'
import type { Listening } from '../transaction/transaction-layer.js'
import { endpointText } from '../transport/flow.js'
import { contextOf, type TlsIdentity } from '../transport/tls.js'
import type { Client } from './client.js'
import { type ConnectionNeeds, createSessions, serveConnection } from './connection.js'
import type { Registry } from './registry.js'

/** drachtio-srf pings only servers of v0.8.2 and later. */
const version = 'v0.9.10-hotdesk'

/** drachtio's admin wire. Applications connect to it; in outbound mode it connects to them. */
export interface AdminServer {
  readonly address: string
  readonly port: number
  /** Present connections, authenticated or not. */
  readonly applications: number
  /** Bytes that wait for applications. */
  readonly unread: number
  /** How often an application has resumed over another connection. */
  readonly resumptions: number
  /** Connects to an application. Requests for it wait until it has authenticated. */
  dial(place: OutboundPlace): Client
  /** Changes the certificate for new connections. */
  renewTls(identity: TlsIdentity): void
  close(): Promise<void>
}

export interface AdminServerNeeds {
  readonly address: string
  /** 0: the system chooses. */
  readonly port: number
  readonly protocol?: 'tcp' | 'tls'
  /** Needed for tls. */
  readonly tls?: TlsIdentity | null
  readonly secret: Secret
  readonly registry: Registry
  readonly userAgent: UserAgent
  readonly listening: readonly Listening[]
  readonly clock: Clock
  readonly log: Logger
}

/** @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE, CONFIG_INVALID */
export async function createAdminServer(needs: AdminServerNeeds): Promise<AdminServer> {
  const sockets = new Set<Socket>()
  const sessions = createSessions()
  const connectionNeeds: ConnectionNeeds = { ...needs, sessions, greeting: () => greetingOf(needs.listening) }
  const serve = (socket: Socket): Client => {
    sockets.add(socket)
    return serveConnection(socket, connectionNeeds, () => sockets.delete(socket))
  }
  const { server, renewTls } = needs.protocol === 'tls' ? tlsServer(needs, serve) : { server: createTcpServer(serve), renewTls: keep }
  const bound = await bind(server, needs)
  return {
    ...bound,
    get applications() {
      return sockets.size
    },
    get unread() {
      return sessions.unread
    },
    get resumptions() {
      return sessions.resumptions
    },
    dial: (place) => serve(open(place, needs)),
    renewTls,
    close() {
      sessions.close()
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

function open({ protocol, address, port }: OutboundPlace, { tls }: AdminServerNeeds): Socket {
  if (protocol === 'tcp') return connectTcp({ host: address, port })
  return connectTls({ host: address, port, ...(tls?.authorities && { ca: tls.authorities }) })
}

function keep(): void {
  // Without TLS there is no certificate.
}

function tlsServer({ tls }: AdminServerNeeds, serve: (socket: Socket) => Client): { server: TlsServer; renewTls: AdminServer['renewTls'] } {
  if (!tls) throw errors.CONFIG_INVALID.adminTls()
  const server = createTlsServer(contextOf(tls), serve)
  return { server, renewTls: (identity) => server.setSecureContext(contextOf(identity)) }
}

async function bind(server: Server, needs: AdminServerNeeds): Promise<{ address: string; port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (fault) => reject(bindFault(needs, fault)))
    server.listen(needs.port, needs.address, resolve)
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw errors.ADDRESS_UNAVAILABLE.adminUnbound()
  return { address: bound.address, port: bound.port }
}

/** The transports in reverse order of the configuration: advertised addresses, version, local addresses. */
function greetingOf(listening: readonly Listening[]): readonly string[] {
  const reversed = [...listening].reverse()
  const shown = reversed.map(({ protocol, advertised }) => `${protocol}/${endpointText(advertised)}`)
  const local = reversed.map((socket) => `${socket.protocol}/${endpointText(socket.local)}`)
  return [shown.join(','), version, local.join(',')]
}

function bindFault({ address, port }: AdminServerNeeds, fault: NodeJS.ErrnoException): AppError {
  const where = endpointText({ address, port })
  if (fault.code === 'EADDRINUSE') return errors.PORT_IN_USE.admin({ place: where }, fault)
  return errors.ADDRESS_UNAVAILABLE.admin({ place: where, reason: fault.message }, fault)
}
