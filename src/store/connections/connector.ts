import { connect as connectPlainly, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectEncrypted } from 'node:tls'
import { AbstractConnector, type RedisOptions } from 'ioredis'
import type { HostPort } from '../../config/config.js'
import { addressOf } from './replication.js'

export interface ConnectorNeeds {
  /** The server that a new connection goes to, as it is known at that moment. @throws where it cannot be found */
  readonly find: () => Promise<HostPort>
  /** What `find` finds, for messages. */
  readonly title: string
  readonly tls: ConnectionOptions | null
  readonly onAimed: (server: HostPort) => void
}

/** A connection that the far end does not close is cut. */
const closeWithinMs = 2_000

/** Looks up the server at each attempt to connect. (A class, because ioredis constructs it.) */
export function connectorTo({ find, title, tls, onAimed }: ConnectorNeeds): NonNullable<RedisOptions['Connector']> {
  return class FindingConnector extends AbstractConnector {
    constructor() {
      super(closeWithinMs)
    }

    async connect(): Promise<Socket> {
      this.connecting = true
      const server = await find()
      if (!this.connecting) throw new Error('Connection is closed.')
      onAimed(server)
      const stream = tls ? connectEncrypted({ ...tls, ...server }) : connectPlainly(server)
      this.stream = stream
      let isReached = false
      stream.once('connect', () => {
        isReached = true
      })
      stream.once('error', (fault: Error) => {
        if (!isReached) fault.message = `${title}, ${addressOf(server)}, cannot be reached: ${fault.message}`
        this.firstError = fault
      })
      return stream
    }
  }
}
