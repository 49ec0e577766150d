import type { MachineState } from '../../../base/machine.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { SipTimers } from '../../../sip/timers.js'
import { endpointText, type Flow, type Hop } from '../../transport/flow.js'
import type { ClientUser } from '../transaction-layer.js'

/** A response and its flow. */
export interface Received {
  readonly response: SipResponse
  readonly flow: Flow
  readonly size: number
}

/** One client transaction. It outlives its final response by half a minute, so what is no longer needed then is released. */
export interface ClientMachine extends MachineState<string> {
  timers: SipTimers
  readonly key: string
  readonly branch: string
  readonly method: string
  request: SipRequest | null
  user: ClientUser | null
  flow: Flow
  bytes: Buffer | null
  /** How often the request was sent. */
  copies: number
  /** The UDP hop to use if the stream does not open (RFC 3261 §18.1.1); null: none. */
  fallback: Hop | null
  /** See Hop. */
  readonly isUnconfirmed: boolean
  failure: string
  /** The user of the CANCEL, and its Reason header value. */
  canceller: { readonly user: ClientUser; readonly reason: string | null } | null
  ack: Buffer | null
}

export interface ClientStart {
  readonly branch: string
  readonly request: SipRequest
  readonly user: ClientUser
  readonly flow: Flow
  readonly bytes: Buffer
  readonly timers: SipTimers
  readonly fallback: Hop | null
  readonly isUnconfirmed: boolean
}

// Written out, because a spread takes ten times as long and this runs for every request.
export function newClientMachine({ branch, request, user, flow, bytes, timers, fallback, isUnconfirmed }: ClientStart): ClientMachine {
  const { method } = request
  return {
    timers,
    state: 'idle',
    running: null,
    repeatMs: 0,
    isBusy: false,
    queue: null,
    key: clientKey(branch, method),
    branch,
    method,
    request,
    user,
    flow,
    bytes,
    copies: 0,
    fallback,
    isUnconfirmed,
    failure: '',
    canceller: null,
    ack: null,
  }
}

/** Releases memory after the final response. Only the user of an INVITE may get more events (RFC 6026 §7.2). */
export function letGo(machine: ClientMachine): void {
  machine.request = null
  machine.bytes = null
  machine.canceller = null
  if (machine.state !== 'accepted') machine.user = null
}

/** RFC 3261 §17.1.3: the branch, and the method because CANCEL shares the branch of its INVITE. */
export function clientKey(branch: string, method: string): string {
  return method === 'CANCEL' ? `${branch} CANCEL` : branch
}

/** Transactions without a final response, by connection or UDP peer. */
export interface Paths {
  join(machine: ClientMachine): void
  leave(machine: ClientMachine): void
  on(path: number | string): readonly ClientMachine[]
}

export function createPaths(): Paths {
  const paths = new Map<number | string, Set<ClientMachine>>()
  return {
    join(machine) {
      const path = pathOf(machine.flow)
      const there = paths.get(path)
      if (there) there.add(machine)
      else paths.set(path, new Set([machine]))
    },
    leave(machine) {
      const path = pathOf(machine.flow)
      const there = paths.get(path)
      if (there?.delete(machine) && there.size === 0) paths.delete(path)
    },
    on: (path) => [...(paths.get(path) ?? [])],
  }
}

function pathOf({ connection, remote }: Flow): number | string {
  return connection ?? endpointText(remote)
}
