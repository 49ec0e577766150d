import { randomInt } from 'node:crypto'
import type { Alarm, Clock, Milliseconds } from '../../../base/clock.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import { parseInteger } from '../../../sip/syntax/integer.js'

/** Reliable provisional responses of one INVITE (RFC 3262 §3): one at a time, repeated until its PRACK. */
export interface ReliableProvisionals {
  /** A response waits for its PRACK. */
  readonly isWaiting: boolean
  /** The response that waits carries a session description: a 2xx must wait too. */
  readonly delaysFinal: boolean
  /** Adds RSeq to the response. */
  number(response: SipResponse): void
  /** The numbered response was sent: repeats it until PRACK, or gives up after 64 × T1. */
  watch(response: SipResponse): void
  /** True if the PRACK acknowledges the response that waits. */
  expects(prack: SipRequest): boolean
  /** The PRACK has arrived: deferred responses continue. */
  acknowledge(): void
  /** Runs after the PRACK, or at the end of the INVITE. */
  defer(run: () => void): void
  stop(): void
}

export interface ReliableNeeds {
  readonly clock: Clock
  readonly t1: Milliseconds
  readonly cseq: number
  readonly repeat: (response: SipResponse) => void
  readonly giveUp: () => void
}

export function createReliableProvisionals({ clock, t1, cseq, repeat, giveUp }: ReliableNeeds): ReliableProvisionals {
  // RFC 3262 §3: between 1 and 2^31 - 1.
  let rseq = randomInt(1, 2 ** 31 - 1)
  let waiting: SipResponse | null = null
  let alarm: Alarm | null = null
  const deferred: (() => void)[] = []

  function watch(response: SipResponse, interval: Milliseconds, elapsed: Milliseconds): void {
    alarm = clock.after(interval, () => {
      if (elapsed + interval >= 64 * t1) return giveUp()
      repeat(response)
      watch(response, interval * 2, elapsed + interval)
    })
  }

  function settle(): void {
    alarm?.cancel()
    waiting = null
    while (!waiting && deferred.length > 0) deferred.shift()?.()
  }

  return {
    get isWaiting() {
      return waiting !== null
    },
    get delaysFinal() {
      return waiting !== null && waiting.body.length > 0
    },
    number(response) {
      rseq += 1
      response.append('RSeq', String(rseq))
    },
    watch(response) {
      waiting = response
      watch(response, t1, 0)
    },
    expects(prack) {
      const [number, ofRequest, method] = (prack.first('RAck') ?? '').split(/[ \t]+/)
      const matches = parseInteger(number ?? '', 2 ** 32 - 1) === rseq && parseInteger(ofRequest ?? '', 2 ** 31 - 1) === cseq
      return waiting !== null && matches && method === 'INVITE'
    },
    acknowledge: settle,
    defer(run) {
      deferred.push(run)
    },
    stop: settle,
  }
}
