import { isLoopback, isPrivate } from '../../../base/ip-address.js'
import type { Flow } from '../../transport/flow.js'
import type { Transports } from '../../transport/transports.js'
import type { Counts } from '../counts.js'
import type { ClientMachine } from './client-machine.js'

/** Puts requests on the wire, first copies and retransmissions. */
export interface Transmission {
  transmit(machine: ClientMachine): void
  /** The stream that a large request was given to is established: the request has been sent. */
  confirmStream(machine: ClientMachine): void
}

export interface TransmissionNeeds {
  readonly transports: Transports
  readonly counts: Pick<Counts, 'repeated' | 'withheld'>
  /** False: so many bytes may not go there, because the address may be forged. */
  readonly affords: (flow: Flow, bytes: number) => boolean
  /** The request could not be sent. Called after `transmit` has returned. */
  readonly onFailure: (machine: ClientMachine) => void
  /** A user's listener has thrown. */
  readonly onFault: (fault: unknown) => void
}

export function createTransmission({ transports, counts, affords, onFailure, onFault }: TransmissionNeeds): Transmission {
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
      const isWithheld = machine.isUnconfirmed && !affords(flow, bytes.length)
      if (isWithheld) counts.withheld += 1
      // A withheld request is repeated like a lost one, and goes out once the far end has proved its address.
      const isSent = isWithheld || transports.send(bytes, flow)
      if (machine.copies === 1 && (!machine.fallback || transports.isOpen(flow))) {
        machine.fallback = null
        queueMicrotask(() => reportSent(machine, bytes))
      }
      if (!isSent) queueMicrotask(() => onFailure(machine))
      else if (!isWithheld && flow.protocol === 'udp' && machine.copies === copiesUntilSuspicion(flow.remote.address))
        transports.suspect(flow)
    },
    confirmStream(machine) {
      if (!machine.fallback || !machine.bytes) return
      machine.fallback = null
      reportSent(machine, machine.bytes)
    },
  }
}

/**
 * How many unanswered copies make a UDP peer suspect of being gone. The probe comes from another port than the request, and a distant NAT may
 * refuse the one and pass the other, so a distant peer is trusted for longer.
 */
function copiesUntilSuspicion(address: string): number {
  if (isLoopback(address)) return 2
  return isPrivate(address) ? 3 : 4
}
