import { connect as connectPlainly, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectEncrypted } from 'node:tls'
import { AbstractConnector, type RedisOptions } from 'ioredis'
import type { HostPort } from '../../config/config.js'
import { addressOf } from './replication.js'

export interface ConnectorNeeds {
  /** Finds the server for a new connection. @throws if it cannot be found */
  readonly find: () => Promise<HostPort>
  /** Names the server that `find` looks for, in messages. */
  readonly title: string
  readonly tls: ConnectionOptions | null
  readonly onFound: (server: HostPort) => void
}

/** After this time, a connection that the far end does not close is cut. */
const closeWithinMs = 2_000

/** Looks up the server at each attempt to connect. A class, because ioredis constructs it. */
export function connectorTo({ find, title, tls, onFound }: ConnectorNeeds): NonNullable<RedisOptions['Connector']> {
  return class FindingConnector extends AbstractConnector {
    constructor() {
      super(closeWithinMs)
    }

    async connect(): Promise<Socket> {
      this.connecting = true
      const server = await find()
      if (!this.connecting) throw new Error('Connection is closed.')
      onFound(server)
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
