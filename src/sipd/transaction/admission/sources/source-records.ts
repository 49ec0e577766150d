import type { Clock, Milliseconds } from '../../../../base/clock.js'
import { isLoopback } from '../../../../base/ip-address.js'
import { createBoundedMap } from '../../../bounded-map.js'
import { type Flow, flowKey, sourceOf } from '../../../transport/flow.js'

/**
 * `trusted`: a trunk or another node, named by the application. `proven`: a registered phone, or one that has sent correct credentials.
 * `unknown`: all others.
 */
export type SourceKind = 'trusted' | 'proven' | 'unknown'

/** What is known about sources. A request from a forged address never makes an entry here. */
export interface SourceRecords {
  of(flow: Flow): SourceKind
  /** Whether the address is not forged: a connection, or a UDP source that has echoed a value sent only to it. */
  isValidated(flow: Flow): boolean
  /** The source has echoed a value that was sent only to it. */
  validate(flow: Flow): void
  /** The source has sent correct credentials. */
  prove(flow: Flow): void
  /** The connection is closed. The next one from that port may be another's. */
  forget(flow: Flow): void
  /** Whether another phone at this address or prefix is proven. */
  hasProvenNeighbour(flow: Flow): boolean
  setKnown(addresses: readonly string[], flows: readonly string[]): void
  /** True once `setKnown` was called: before, no source is limited. */
  readonly hasKnownSources: boolean
  readonly proven: number
  readonly validated: number
}

const provenMs: Milliseconds = 60 * 60_000
const validatedMs: Milliseconds = 5 * 60_000

export function createSourceRecords(clock: Clock, capacity: number): SourceRecords {
  const proven = createBoundedMap<Milliseconds>(capacity)
  const provenSources = createBoundedMap<Milliseconds>(capacity)
  const validatedUntil = createBoundedMap<Milliseconds>(capacity)
  let trusted: ReadonlySet<string> = new Set()
  let registered: ReadonlySet<string> = new Set()
  let registeredSources: ReadonlySet<string> = new Set()
  let hasKnownSources = false
  const isAhead = (until: Milliseconds | undefined): boolean => until !== undefined && until > clock.now()

  function isProven(key: string): boolean {
    return registered.has(key) || isAhead(proven.get(key))
  }

  return {
    of(flow) {
      if (trusted.has(flow.remote.address)) return 'trusted'
      return isProven(flowKey(flow)) ? 'proven' : 'unknown'
    },
    isValidated: (flow) => flow.connection !== null || isAhead(validatedUntil.get(flowKey(flow))),
    validate(flow) {
      if (flow.connection === null) validatedUntil.set(flowKey(flow), clock.now() + validatedMs)
    },
    prove(flow) {
      proven.set(flowKey(flow), clock.now() + provenMs)
      provenSources.set(sourceOf(flow.remote.address), clock.now() + provenMs)
    },
    forget: (flow) => proven.delete(flowKey(flow)),
    hasProvenNeighbour(flow) {
      const source = sourceOf(flow.remote.address)
      return registeredSources.has(source) || isAhead(provenSources.get(source))
    },
    get hasKnownSources() {
      return hasKnownSources
    },
    setKnown(addresses, flows) {
      hasKnownSources = true
      trusted = new Set(addresses.filter((address) => !isLoopback(address)))
      registered = new Set(flows)
      registeredSources = new Set(flows.map((flow) => sourceOf(addressIn(flow))))
    },
    get proven() {
      return proven.size + registered.size
    },
    get validated() {
      return validatedUntil.size
    },
  }
}

/** `udp 192.0.2.7:5060` → `192.0.2.7` */
function addressIn(flow: string): string {
  return flow.slice(flow.indexOf(' ') + 1, flow.lastIndexOf(':'))
}
