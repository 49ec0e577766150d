import type { Clock, Milliseconds } from '../../base/clock.js'
import { localEndIn } from '../../sip/uri/flow-uri.js'
import { parseUri } from '../../sip/uri/uri.js'
import type { Flow } from './flow.js'
import { udpFlow } from './listener.js'
import type { Transports } from './transports.js'

/** Keeps NAT bindings of phones open (RFC 5626 §3.5) with four bytes over UDP at an interval. */
export interface KeepAlive {
  /** Sets the phones, as flow URIs, and the interval for each; 0: none. */
  follow(phones: readonly string[], everyMs: Milliseconds): void
  close(): void
}

export interface KeepAliveNeeds {
  readonly transports: Pick<Transports, 'hopTo' | 'send'>
  readonly clock: Clock
}

/** Phones ignore empty lines between messages (RFC 3261 §7.5). */
const doubleCrlf = Buffer.from('\r\n\r\n')
const stepMs: Milliseconds = 1_000

export function createKeepAlive({ transports, clock }: KeepAliveNeeds): KeepAlive {
  let intervalMs: Milliseconds = 0
  /** The phone that has waited longest is first. */
  let waiting: { readonly phone: string; readonly flow: Flow | null }[] = []

  function flowOf(phone: string): Flow | null {
    const uri = parseUri(phone)
    if (uri?.kind !== 'sip' || uri.port === null) return null
    const remote = { address: uri.host, port: uri.port }
    const hop = transports.hopTo('udp', remote, undefined, localEndIn(phone))
    return hop && udpFlow(remote, hop)
  }

  /** Serves a share of the phones each second, so that thousands are never due at once. */
  function step(): void {
    alarm = clock.after(stepMs, step)
    if (intervalMs === 0 || waiting.length === 0) return
    const due = waiting.splice(0, Math.ceil((waiting.length * stepMs) / intervalMs))
    for (const { flow } of due) if (flow) transports.send(doubleCrlf, flow)
    waiting.push(...due)
  }

  let alarm = clock.after(stepMs, step)

  return {
    follow(phones, everyMs) {
      intervalMs = everyMs
      const wanted = new Set(phones)
      waiting = waiting.filter(({ phone }) => wanted.delete(phone))
      for (const phone of wanted) waiting.push({ phone, flow: flowOf(phone) })
    },
    close: () => alarm.cancel(),
  }
}
