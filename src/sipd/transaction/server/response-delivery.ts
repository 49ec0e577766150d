import { type Flow, isReliable } from '../../transport/flow.js'
import type { Transports } from '../../transport/transports.js'
import type { Counts } from '../counts.js'
import type { ServerMachine } from './server-machine.js'

/** Sends responses, over a new connection if the old one is closed. */
export interface ResponseDelivery {
  /** Sends the response of the transaction, or retransmits it. */
  deliver(machine: ServerMachine): void
  /** A connection opened for responses has failed. */
  onGone(flow: Flow): void
  /** The transaction has ended. */
  forget(machine: ServerMachine): void
}

export interface ResponseDeliveryNeeds {
  readonly transports: Transports
  readonly counts: Pick<Counts, 'withheld'>
  /** Whether this many bytes may be sent there so that `reserved` are left. */
  readonly maySend: (flow: Flow, bytes: number, reserved: number) => boolean
  /** A response could not be delivered. */
  readonly onFailure: (machine: ServerMachine) => void
}

export function createResponseDelivery({ transports, counts, maySend, onFailure }: ResponseDeliveryNeeds): ResponseDelivery {
  /** Transactions whose response waits for a connection to open, by connection. */
  const reconnecting = new Map<number, Set<ServerMachine>>()

  /** RFC 3261 §18.2.2: the connection is closed, so a new one is opened to the source address and the port of sent-by. */
  function reconnect(machine: ServerMachine, response: Buffer): boolean {
    const { protocol } = machine.responseFlow
    const hop = isReliable(protocol) ? transports.hopTo(protocol, machine.reconnectTo) : null
    const flow = hop && transports.flowTo(hop)
    if (!flow?.connection) return false
    machine.responseFlow = flow
    const waiting = reconnecting.get(flow.connection) ?? new Set()
    reconnecting.set(flow.connection, waiting.add(machine))
    return transports.send(response, flow)
  }

  return {
    deliver(machine) {
      const { response } = machine
      if (!response) return
      if (!maySend(machine.flow, response.length, machine.state === 'proceeding' ? machine.reservedBytes : 0)) {
        counts.withheld += 1
        return
      }
      if (transports.send(response, machine.responseFlow) || reconnect(machine, response)) return
      queueMicrotask(() => onFailure(machine))
    },
    onGone({ connection }) {
      const stranded = reconnecting.get(connection ?? 0) ?? []
      reconnecting.delete(connection ?? 0)
      for (const machine of stranded) onFailure(machine)
    },
    forget(machine) {
      const { connection } = machine.responseFlow
      const waiting = connection === null ? undefined : reconnecting.get(connection)
      if (waiting?.delete(machine) && waiting.size === 0 && connection !== null) reconnecting.delete(connection)
    },
  }
}
