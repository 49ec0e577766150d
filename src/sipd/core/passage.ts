import type { Milliseconds } from '../../base/clock.js'
import type { Protocol } from '../../base/listen-address.js'
import type { Endpoint, Flow } from '../transaction/transaction-layer.js'

/** How a message was sent or received, as drachtio's wire reports it. */
export interface Passage {
  /** Bytes on the wire; 0 for a message that was never on it. */
  readonly size: number
  /** Null if no transport was chosen. */
  readonly protocol: Protocol | null
  /** The far end; for a request that we sent, our own socket. Null for a message that was never on the wire. */
  readonly remote: Endpoint | null
  /** Epoch milliseconds. */
  readonly at: Milliseconds
}

/** How a response arrived. `flow` is null for a local response; `protocol` is null if no transport was chosen. */
export interface Origin {
  readonly protocol: Flow['protocol'] | null
  readonly flow: Flow | null
  readonly size: number
}

/** Passage of a received request or a sent response. */
export function passageOver(flow: Flow, size: number, at: Milliseconds): Passage {
  return { size, protocol: flow.protocol, remote: flow.remote, at }
}

/** Passage of a sent request. */
export function passageFrom({ protocol, local }: Pick<Flow, 'protocol' | 'local'>, size: number, at: Milliseconds): Passage {
  return { size, protocol, remote: local, at }
}

/** Passage of a received or local response. */
export function passageOfResponse({ protocol, flow, size }: Origin, at: Milliseconds): Passage {
  return { size, protocol, remote: flow?.remote ?? null, at }
}
