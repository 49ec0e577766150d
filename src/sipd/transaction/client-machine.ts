import type { SipRequest, SipResponse } from '../../sip/message.js'
import type { SipTimers } from '../../sip/timers.js'
import { endpointText, type Flow, type Hop } from '../transport/flow.js'
import type { Machine } from './machine.js'
import { inviteClientTable } from './tables/invite-client-table.js'
import type { Input } from './tables/machine-table.js'
import { nonInviteClientTable } from './tables/non-invite-client-table.js'
import type { ClientUser } from './transaction-layer.js'

/** A response, and how it came. */
export interface Received {
  readonly response: SipResponse
  readonly flow: Flow
  readonly size: number
}

/** One client transaction. */
export interface ClientMachine extends Machine {
  readonly key: string
  readonly branch: string
  readonly request: SipRequest
  readonly user: ClientUser
  flow: Flow
  bytes: Buffer
  /** How often the request went out. */
  copies: number
  /** Where to go by UDP if the stream does not open (RFC 3261 §18.1.1); null: nowhere. */
  fallback: Hop | null
  /** In hand while the table is asked. */
  received: Received | null
  failure: string
  /** Who cancelled, and the Reason header value. */
  canceller: { readonly user: ClientUser; readonly reason: string | null } | null
  ack: Buffer | null
}

type Given = Pick<ClientMachine, 'branch' | 'request' | 'user' | 'flow' | 'bytes' | 'timers' | 'fallback'>

export function newClientMachine(given: Given): ClientMachine {
  const { method } = given.request
  return {
    ...given,
    key: clientKey(given.branch, method),
    table: method === 'INVITE' ? inviteClientTable : nonInviteClientTable,
    state: 'idle',
    repeatMs: 0,
    repeating: null,
    ending: null,
    copies: 0,
    received: null,
    failure: '',
    canceller: null,
    ack: null,
  }
}

/** RFC 3261 §17.1.3: the branch, and the method because CANCEL shares the branch of its INVITE. */
export function clientKey(branch: string, method: string): string {
  return method === 'CANCEL' ? `${branch} CANCEL` : branch
}

/** What a status is to a table. */
export function inputOf(status: number): Input {
  if (status < 200) return '1xx'
  return status < 300 ? '2xx' : '300-699'
}

/** Those who await an answer, by the way it is expected: the connection, or the UDP peer. */
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

export type TimersFor = (flow: Pick<Flow, 'protocol'>) => SipTimers
