import type { DeviceId, NodeName } from '../base/identity.js'
import type { IncomingRequest } from '../srf/srf.js'

/** One Contact of a device (RFC 3261 §10.3), with the flow it was registered on (RFC 5626). */
export interface Binding {
  readonly device: DeviceId
  /** Contact URI: the Request-URI of requests to the phone. */
  readonly contact: string
  /** Next hop of the flow it registered on: `sip:203.0.113.9:40312;transport=tcp`. */
  readonly flow: string
  readonly node: NodeName
  /** Epoch seconds. */
  readonly expires: number
  readonly callId: string
  readonly cseq: number
  readonly userAgent: string
}

/** The challenge or refusal has already been sent when the answer is not a device. */
export type Authentication = { readonly outcome: 'device'; readonly device: DeviceId } | { readonly outcome: 'challenged' | 'refused' }

/** Devices prove who they are and say where they are. */
export interface Registrar {
  /** Digest (RFC 7616, RFC 8760) of a request by a device; sends 401 (REGISTER) or 407 itself. */
  authenticate(request: IncomingRequest): Authentication
  /** Fresh bindings, any node's, latest first. */
  bindingsOf(device: DeviceId): readonly Binding[]
  /** A phone registered here that was not registered before, or whose registration was renewed. */
  onRegistered(listener: (device: DeviceId) => void): () => void
  close(): Promise<void>
}
