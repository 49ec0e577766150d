import { isLoopback, isPrivate } from '../../../base/ip-address.js'
import type { Flow } from '../../transport/flow.js'
import type { Transports } from '../../transport/transports.js'
import type { Counts } from '../counts.js'
import type { ClientMachine } from './client-machine.js'

/** Sends requests and their retransmissions. */
export interface Transmission {
  transmit(machine: ClientMachine): void
  /** The stream chosen for a large request is established, so the request has been sent. */
  confirmStream(machine: ClientMachine): void
}

export interface TransmissionNeeds {
  readonly transports: Transports
  readonly counts: Pick<Counts, 'repeated' | 'withheld'>
  /** Whether this many bytes may be sent there. They are limited if the address may be forged. */
  readonly maySend: (flow: Flow, bytes: number) => boolean
  /** The request could not be sent. Called after `transmit` has returned. */
  readonly onFailure: (machine: ClientMachine) => void
  /** A user's listener has thrown. */
  readonly onFault: (fault: unknown) => void
}

export function createTransmission({ transports, counts, maySend, onFailure, onFault }: TransmissionNeeds): Transmission {
  function reportSent({ user, flow }: ClientMachine, bytes: Buffer): void {
    try {
      user?.onSent(bytes, flow)
    } catch (fault) {
      onFault(fault)
    }
  }

  return {
    transmit(machine) {
      const { bytes, flow } = machine
      if (!bytes) return
      machine.copies += 1
      if (machine.copies > 1) counts.repeated += 1
      const isWithheld = machine.isUnconfirmed && !maySend(flow, bytes.length)
      if (isWithheld) counts.withheld += 1
      // A withheld request is retransmitted like a lost one, and is sent once the far end has validated its address.
      const isSent = isWithheld || transports.send(bytes, flow)
      if (machine.copies === 1 && (!machine.fallback || transports.isOpen(flow))) {
        machine.fallback = null
        queueMicrotask(() => reportSent(machine, bytes))
      }
      if (!isSent) queueMicrotask(() => onFailure(machine))
      else if (!isWithheld && flow.protocol === 'udp' && machine.copies === copiesUntilProbe(flow.remote.address)) transports.probe(flow)
    },
    confirmStream(machine) {
      if (!machine.fallback || !machine.bytes) return
      machine.fallback = null
      reportSent(machine, machine.bytes)
    },
  }
}

/**
 * After how many unanswered copies a UDP peer is probed. The probe comes from another port than the request, and a distant NAT may refuse it
 * although it forwards the request, so a distant peer is probed later.
 */
function copiesUntilProbe(address: string): number {
  if (isLoopback(address)) return 2
  return isPrivate(address) ? 3 : 4
}
