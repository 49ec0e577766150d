import { connect, createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls'
import { errors } from '../../base/errors.js'
import type { ListenAddress } from '../../base/listen-address.js'
import type { Secret } from '../../base/secret.js'
import type { Connection } from './connections.js'
import type { Hop } from './flow.js'
import type { StreamListener } from './stream-listener.js'
import { bindServer, closeServer, dialOptions, welcome } from './stream-listener.js'
import { adoptConnecting, type StreamNeeds } from './stream-socket.js'

/** Who we are over TLS, in PEM. */
export interface TlsIdentity {
  /** With its chain. */
  readonly certificate: string
  readonly key: Secret
  /** Who else's certificates are believed, for what we open; null: those the system believes. */
  readonly authorities: string | null
}

/** The present identity, and those who have to know of a new one. */
export interface TlsIdentities {
  readonly current: TlsIdentity | null
  /** New connections use it; those that are open stay as they are. @throws AppError CONFIG_INVALID where certificate and key do not fit */
  renew(identity: TlsIdentity): void
  /** For servers, which take it over. */
  follow(server: Pick<Server, 'setSecureContext'>): void
}

const handshakeMs = 10_000

export function createTlsIdentities(first: TlsIdentity | null): TlsIdentities {
  const servers = new Set<Pick<Server, 'setSecureContext'>>()
  let current = first
  return {
    get current() {
      return current
    },
    renew(identity) {
      try {
        for (const server of servers) server.setSecureContext(contextOf(identity))
      } catch (cause) {
        throw errors.CONFIG_INVALID.tlsMismatch({}, cause)
      }
      current = identity
    },
    follow: (server) => void servers.add(server),
  }
}

/** The identity for a listen address that cannot do without. @throws AppError CONFIG_INVALID */
export function identityFor(listen: ListenAddress, { current }: TlsIdentities): TlsIdentity {
  if (current) return current
  throw errors.CONFIG_INVALID.listenTls({ address: `${listen.protocol}://${listen.address}:${listen.port}` })
}

/** What node's TLS wants to know; older than 1.2 is refused. */
export function contextOf({ certificate, key, authorities }: TlsIdentity): SecureContextOptions {
  return { cert: certificate, key: key.reveal(), minVersion: 'TLSv1.2', ...(authorities !== null && { ca: authorities }) }
}

/** Listens for TLS. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE, CONFIG_INVALID */
export async function listenTls(listen: ListenAddress, needs: StreamNeeds, identities: TlsIdentities): Promise<StreamListener> {
  const identity = identityFor(listen, identities)
  // A phone needs no certificate; a server that shows one can be called on the connection it has opened (RFC 5923).
  const server = createServer({ ...contextOf(identity), handshakeTimeout: handshakeMs, requestCert: true, rejectUnauthorized: false })
  const bound = await bindServer(server, listen, needs)
  identities.follow(server)
  server.on('secureConnection', (socket) => {
    needs.acceptLimiter.handshakeDone({ address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }, bound.port)
    welcome(socket, 'tls', bound, needs)
  })
  // A failed handshake is the peer's affair; the socket is closed already.
  server.on('tlsClientError', needs.events.onRefused)
  return { bound, close: () => closeServer(server) }
}

/** Opens a connection; the peer's certificate must be for the host of the URI (RFC 5922 §7.2). Null where the table is full. */
export function connectTls(hop: Hop, needs: StreamNeeds, { current }: TlsIdentities): Connection | null {
  const name = hop.name ?? hop.remote.address
  const socket: TLSSocket = connect({ ...dialOptions(hop), ...(current && contextOf(current)), ...(hop.name && { servername: name }) })
  return adoptConnecting(socket, hop, 'secureConnect', needs)
}
