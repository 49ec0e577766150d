import type { Clock, Milliseconds } from '../base/clock.js'
import type { DeviceId } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Bindings } from './bindings/bindings.js'
import { flowName } from './known-sources.js'

/** Moves phones of a draining node to another node of the site, where they register after a 503 here. */
export interface Relocation {
  /**
   * Closes idle connections of phones that `mayLeave`, some at a time, so that these phones register again at once (RFC 5626 §4.5). Each phone
   * is sent away only once. Phones over UDP and behind a proxy have no connection of their own: they move when they register by themselves.
   */
  sendAway(mayLeave: (device: DeviceId) => boolean): void
  /** The draining has ended: the next one sends away all phones again. */
  end(): void
  /**
   * Whether this phone was sent away and has found no other node within a minute. It would be out of reach, so it may register here.
   */
  isStranded(device: DeviceId): boolean
  /** The connection of this flow is closed. The bindings on it are still there. */
  flowGone(flow: string): void
}

export interface RelocationNeeds {
  readonly bindings: Pick<Bindings, 'of' | 'on' | 'flows' | 'isClosed'>
  /** Null or absent for a SIP server that does not close connections: all phones move when they register by themselves. */
  readonly closeIdle?: ((flows: readonly string[]) => Promise<void>) | null | undefined
  readonly clock: Clock
  readonly log: Logger
}

/** For each call of `sendAway`, so that the other node is not flooded with TLS handshakes. */
const maxAtOnce = 50
/** The SIP server keeps a connection that is in use. It is asked again after this time. */
const askAgainMs: Milliseconds = 5_000
/** As long as the Retry-After of the 503. */
const strandedMs: Milliseconds = 60_000

export function createRelocation({ bindings, closeIdle, clock, log }: RelocationNeeds): Relocation {
  const asked = new Map<string, Milliseconds>()
  const sentAway = new Map<DeviceId, Milliseconds>()

  /** Several lines of a gateway share its connection, and leave together. */
  function leaves(flow: string, mayLeave: (device: DeviceId) => boolean): boolean {
    const now = clock.now()
    if (flow.endsWith(';transport=udp') || bindings.isClosed(flow) || now - (asked.get(flow) ?? -askAgainMs) < askAgainMs) return false
    const isOwn = (device: DeviceId): boolean => bindings.of(device).every((each) => each.flow !== flow || each.intermediary !== 'proxy')
    return bindings.on(flow).every((device) => !sentAway.has(device) && isOwn(device) && mayLeave(device))
  }

  return {
    sendAway(mayLeave) {
      if (!closeIdle) return
      const leaving: string[] = []
      for (const flow of new Set(bindings.flows())) {
        if (leaving.length === maxAtOnce) break
        if (leaves(flow, mayLeave)) leaving.push(flow)
      }
      if (leaving.length === 0) return
      for (const flow of leaving) asked.set(flow, clock.now())
      closeIdle(leaving.flatMap((flow) => flowName(flow) ?? [])).catch((fault: unknown) => {
        log.debug({ event: 'sip.lost', err: fault }, 'the SIP server does not respond')
      })
    },
    end() {
      asked.clear()
      sentAway.clear()
    },
    isStranded(device) {
      const at = sentAway.get(device)
      return at !== undefined && clock.now() - at >= strandedMs
    },
    flowGone(flow) {
      if (asked.delete(flow)) for (const device of bindings.on(flow)) sentAway.set(device, clock.now())
    },
  }
}
