import type { Milliseconds } from '../../../src/base/clock.js'
import type { Endpoint } from '../../../src/sipd/transport/flow.js'
import type { DatagramSocket, OpenDatagramSocket } from '../../../src/sipd/transport/udp-socket.js'

/** What a datagram is until it arrives. */
export interface SentDatagram {
  readonly at: Milliseconds
  readonly text: string
  readonly from: Endpoint
  readonly to: Endpoint
}

/** UDP in memory: nothing moves by itself, all that was sent is on record. */
export interface DatagramNet {
  readonly open: OpenDatagramSocket
  readonly sent: readonly SentDatagram[]
  /** Forgets what was sent so far. */
  clear(): void
  /** Hands a datagram to the socket at `to`. */
  deliver(text: string, from: Endpoint, to: Endpoint): void
  /** As if the system had told that the remote's port is closed. */
  refuse(remote: Endpoint): void
}

export function createDatagramNet(now: () => Milliseconds): DatagramNet {
  const sent: SentDatagram[] = []
  const sockets = new Map<string, (text: string, from: Endpoint) => void>()
  const refusals = new Set<(remote: Endpoint) => void>()
  const keyOf = ({ address, port }: Endpoint): string => `${address} ${port}`
  return {
    open: (listen, events) => {
      const bound = { address: listen.address, port: listen.port }
      const socket: DatagramSocket = {
        bound,
        send: (bytes, to) => void sent.push({ at: now(), text: bytes.toString('latin1'), from: bound, to }),
        probe: () => undefined,
        close: () => {
          sockets.delete(keyOf(bound))
          return Promise.resolve()
        },
      }
      sockets.set(keyOf(bound), (text, from) => events.onDatagram(Buffer.from(text, 'latin1'), from, socket))
      refusals.add((remote) => events.onUnreachable(remote, 'connection refused'))
      return Promise.resolve(socket)
    },
    sent,
    clear: () => void sent.splice(0),
    deliver: (text, from, to) => sockets.get(keyOf(to))?.(text, from),
    refuse(remote) {
      for (const tell of refusals) tell(remote)
    },
  }
}
