import type { Clock, Milliseconds } from '../../../../base/clock.js'
import { isLoopback } from '../../../../base/ip-address.js'
import { type Flow, flowKey, sourceOf } from '../../../transport/flow.js'
import { createBoundedMap } from '../bounded-map.js'

/**
 * `trusted`: the application names it: a trunk, another node. `proven`: a registered phone, or one that has shown a right password.
 * `stranger`: everybody else.
 */
export type Standing = 'trusted' | 'proven' | 'stranger'

/** What is known of those who send. Nothing that a stranger sends from a forged address gets an entry here. */
export interface SourceRecords {
  of(flow: Flow): Standing
  /** It receives what is sent to it: a connection, or a UDP source that something came back from that only it was sent. */
  isReal(flow: Flow): boolean
  /** Something came back from there. */
  cameBack(flow: Flow): void
  /** It has shown a right password. */
  prove(flow: Flow): void
  /** Its connection is gone: the next one from that port may be another's. */
  forget(flow: Flow): void
  /** Others behind its address have proved themselves. */
  sharesAddress(flow: Flow): boolean
  know(addresses: readonly string[], flows: readonly string[]): void
  /** The application has said whom it knows: everybody else is a stranger. */
  readonly isGuarded: boolean
  readonly proven: number
  readonly real: number
}

const provenMs: Milliseconds = 60 * 60_000
const realMs: Milliseconds = 5 * 60_000

export function createSourceRecords(clock: Clock, most: number): SourceRecords {
  const proven = createBoundedMap<Milliseconds>(most)
  const provenSources = createBoundedMap<Milliseconds>(most)
  const real = createBoundedMap<Milliseconds>(most)
  let trusted: ReadonlySet<string> = new Set()
  let registered: ReadonlySet<string> = new Set()
  let registeredSources: ReadonlySet<string> = new Set()
  let isGuarded = false
  const isUntil = (until: Milliseconds | undefined): boolean => until !== undefined && until > clock.now()

  function isProven(key: string): boolean {
    return registered.has(key) || isUntil(proven.get(key))
  }

  return {
    of(flow) {
      if (trusted.has(flow.remote.address)) return 'trusted'
      return isProven(flowKey(flow)) ? 'proven' : 'stranger'
    },
    isReal: (flow) => flow.connection !== null || isUntil(real.get(flowKey(flow))),
    cameBack(flow) {
      if (flow.connection === null) real.set(flowKey(flow), clock.now() + realMs)
    },
    prove(flow) {
      proven.set(flowKey(flow), clock.now() + provenMs)
      provenSources.set(sourceOf(flow.remote.address), clock.now() + provenMs)
    },
    forget: (flow) => proven.delete(flowKey(flow)),
    sharesAddress(flow) {
      const source = sourceOf(flow.remote.address)
      return registeredSources.has(source) || isUntil(provenSources.get(source))
    },
    get isGuarded() {
      return isGuarded
    },
    know(addresses, flows) {
      isGuarded = true
      trusted = new Set(addresses.filter((address) => !isLoopback(address)))
      registered = new Set(flows)
      registeredSources = new Set(flows.map((flow) => sourceOf(addressIn(flow))))
    },
    get proven() {
      return proven.size + registered.size
    },
    get real() {
      return real.size
    },
  }
}

/** `udp 192.0.2.7:5060` → `192.0.2.7` */
function addressIn(flow: string): string {
  return flow.slice(flow.indexOf(' ') + 1, flow.lastIndexOf(':'))
}
