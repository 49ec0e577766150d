import type { Alarm } from '../../base/clock.js'
import type { ServerTransaction } from '../transaction/transaction-layer.js'
import type { Application } from './application.js'
import type { Dialog } from './dialogs/dialog.js'

/** A request from the network that waits for its application's response. */
export interface PendingRequest {
  /** The transaction id on the admin wire. */
  readonly id: string
  readonly transaction: ServerTransaction
  application: Application
  /** The dialog of the request; for a request that creates one, null until the first response. */
  dialog: Dialog | null
  /** Local tag; `''` until it is chosen. */
  tag: string
  /** Fires if the application does not respond; cancelled when the request is settled. */
  alarm: Alarm | null
}

/** The requests that wait for their application's response. */
export interface PendingRequests {
  add(request: PendingRequest): void
  /** Undefined if the id is unknown or belongs to another application. */
  of(application: Application, id: string): PendingRequest | undefined
  includes(request: PendingRequest): boolean
  ofApplication(application: Application): readonly PendingRequest[]
  /** Moves a request to another application; the caller delivers it. */
  handOver(from: Application, id: string, to: Application): void
  /** The request no longer waits. */
  settle(request: PendingRequest): void
  readonly size: number
}

export function createPendingRequests(): PendingRequests {
  const byId = new Map<string, PendingRequest>()

  function of(application: Application, id: string): PendingRequest | undefined {
    const request = byId.get(id)
    return request?.application === application ? request : undefined
  }

  return {
    add: (request) => void byId.set(request.id, request),
    of,
    includes: (request) => byId.get(request.id) === request,
    ofApplication: (application) => [...byId.values()].filter((request) => request.application === application),
    handOver(from, id, to) {
      const request = of(from, id)
      if (request) request.application = to
    },
    settle(request) {
      request.alarm?.cancel()
      request.alarm = null
      byId.delete(request.id)
      if (request.dialog && request.transaction.request.method === 'UPDATE') request.dialog.updating.them = false
    },
    get size() {
      return byId.size
    },
  }
}
