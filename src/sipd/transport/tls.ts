import { connect, createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls'
import { errors } from '../../base/errors.js'
import type { ListenAddress } from '../../base/listen-address.js'
import type { Secret } from '../../base/secret.js'
import type { Connection } from './connections.js'
import type { Hop } from './flow.js'
import { checkSipIdentity } from './sip-identity.js'
import type { StreamListener } from './stream-listener.js'
import { bindServer, closeServer, dialOptions, welcome } from './stream-listener.js'
import { adoptConnecting, type StreamNeeds } from './stream-socket.js'

/** Our TLS certificate and key, in PEM. */
export interface TlsIdentity {
  /** With its chain. */
  readonly certificate: string
  readonly key: Secret
  /** Trusted authorities for connections that we open; null: those of the system. */
  readonly authorities: string | null
}

/** The present identity, and the servers that use it. */
export interface TlsIdentities {
  readonly current: TlsIdentity | null
  /** Used by new connections; open ones do not change. @throws AppError CONFIG_INVALID if certificate and key do not match */
  renew(identity: TlsIdentity): void
  /** Registers a server, which gets each new identity. */
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

/** The identity for a listen address that needs one. @throws AppError CONFIG_INVALID */
export function identityFor(listen: ListenAddress, { current }: TlsIdentities): TlsIdentity {
  if (current) return current
  throw errors.CONFIG_INVALID.listenTls({ address: `${listen.protocol}://${listen.address}:${listen.port}` })
}

/** Options for Node's TLS. Versions before 1.2 are refused. */
export function contextOf({ certificate, key, authorities }: TlsIdentity): SecureContextOptions {
  return { cert: certificate, key: key.reveal(), minVersion: 'TLSv1.2', ...(authorities !== null && { ca: authorities }) }
}

/** Listens for TLS. @throws AppError PORT_IN_USE, ADDRESS_UNAVAILABLE, CONFIG_INVALID */
export async function listenTls(listen: ListenAddress, needs: StreamNeeds, identities: TlsIdentities): Promise<StreamListener> {
  const identity = identityFor(listen, identities)
  // A phone needs no certificate. A server with a certificate can be called on the connection that it has opened (RFC 5923).
  const server = createServer({ ...contextOf(identity), handshakeTimeout: handshakeMs, requestCert: true, rejectUnauthorized: false })
  const bound = await bindServer(server, listen, needs)
  identities.follow(server)
  server.on('secureConnection', (socket) => {
    needs.acceptLimiter.handshakeDone({ address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }, bound.port)
    welcome(socket, 'tls', bound, needs)
  })
  // After a failed handshake the socket is closed already.
  server.on('tlsClientError', needs.events.onRefused)
  return { bound, close: () => closeServer(server) }
}

/** Opens a connection; null if the table is full. The peer's certificate must be valid for the host of the URI (RFC 5922 §7.2). */
export function connectTls(hop: Hop, needs: StreamNeeds, { current }: TlsIdentities): Connection | null {
  const name = hop.name ?? hop.remote.address
  const trust = { ...(current && contextOf(current)), checkServerIdentity: checkSipIdentity }
  const socket: TLSSocket = connect({ ...dialOptions(hop), ...trust, ...(hop.name && { servername: name }) })
  return adoptConnecting(socket, hop, 'secureConnect', needs)
}
