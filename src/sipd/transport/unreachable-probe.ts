import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Clock } from '../../base/clock.js'
import { type Endpoint, endpointText } from './flow.js'

/**
 * Detects a closed UDP port of a peer. Only connected sockets report ICMP errors, and the listening socket is not connected. So a short-lived
 * connected socket sends an empty line, which SIP ignores, to a peer that does not respond.
 */
export interface UnreachableProbe {
  /** No effect if a probe of this remote is running. */
  start(remote: Endpoint): void
  close(): void
}

export interface UnreachableProbeNeeds {
  readonly clock: Clock
  /** Probes at the same time. */
  readonly limit: number
  readonly onUnreachable: (remote: Endpoint, reason: string) => void
}

const emptyLine = Buffer.from('\r\n\r\n')
const patienceMs = 1_000

export function createUnreachableProbe({ clock, limit, onUnreachable }: UnreachableProbeNeeds): UnreachableProbe {
  const open = new Map<string, () => void>()

  function start(remote: Endpoint, key: string): void {
    const socket = createSocket(isIPv6(remote.address) ? 'udp6' : 'udp4')
    const patience = clock.after(patienceMs, finish)
    function finish(): void {
      if (!open.delete(key)) return
      patience.cancel()
      socket.close()
    }
    open.set(key, finish)
    socket.on('error', (fault: NodeJS.ErrnoException) => {
      finish()
      // Other errors, such as "prohibited", come from a firewall and concern only the probe.
      if (fault.code === 'ECONNREFUSED') onUnreachable(remote, fault.message)
    })
    socket.connect(remote.port, remote.address, () => socket.send(emptyLine))
  }

  return {
    start(remote) {
      const key = endpointText(remote)
      if (!open.has(key) && open.size < limit) start(remote, key)
    },
    close() {
      for (const finish of open.values()) finish()
    },
  }
}
