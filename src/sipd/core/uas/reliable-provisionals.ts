import { randomInt } from 'node:crypto'
import type { Alarm } from '../../../base/clock.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import { parseInteger } from '../../../sip/syntax/integer.js'
import type { Core } from '../core.js'

/** Reliable provisional responses of one INVITE (RFC 3262 §3): one at a time, repeated until its PRACK. */
export interface ReliableProvisionals {
  /** One waits for its PRACK. */
  readonly waiting: boolean
  /** It carries a session description: a 2xx must wait too. */
  readonly holdsFinal: boolean
  /** Gives the response its RSeq. */
  number(response: SipResponse): void
  /** The numbered response went out: repeats it until PRACK or for 64 × T1. */
  watch(response: SipResponse): void
  /** Whether a PRACK is that of the response that waits. */
  expects(prack: SipRequest): boolean
  /** The PRACK has come: what waited for it goes on. */
  acknowledge(): void
  /** What has to wait for the PRACK, or for the end of the INVITE. */
  afterwards(run: () => void): void
  stop(): void
}

export interface ReliableNeeds {
  readonly core: Core
  readonly cseq: number
  readonly repeat: (response: SipResponse) => void
  readonly givenUp: () => void
}

export function createReliableProvisionals({ core, cseq, repeat, givenUp }: ReliableNeeds): ReliableProvisionals {
  // RFC 3262 §3: between 1 and 2^31 - 1.
  let rseq = randomInt(1, 2 ** 31 - 1)
  let waiting: SipResponse | null = null
  let alarm: Alarm | null = null
  const queue: (() => void)[] = []

  function watch(response: SipResponse, interval: number, elapsed: number): void {
    alarm = core.clock.after(interval, () => {
      if (elapsed + interval >= 64 * core.timers.t1) return givenUp()
      repeat(response)
      watch(response, interval * 2, elapsed + interval)
    })
  }

  function settle(): void {
    alarm?.cancel()
    waiting = null
    while (!waiting && queue.length > 0) queue.shift()?.()
  }

  return {
    get waiting() {
      return waiting !== null
    },
    get holdsFinal() {
      return waiting !== null && waiting.body.length > 0
    },
    number(response) {
      rseq += 1
      response.append('RSeq', String(rseq))
    },
    watch(response) {
      waiting = response
      watch(response, core.timers.t1, 0)
    },
    expects(prack) {
      const [number, ofRequest, method] = (prack.first('RAck') ?? '').split(/[ \t]+/)
      const matches = parseInteger(number ?? '', 2 ** 32 - 1) === rseq && parseInteger(ofRequest ?? '', 2 ** 31 - 1) === cseq
      return waiting !== null && matches && method === 'INVITE'
    },
    acknowledge: settle,
    afterwards(run) {
      queue.push(run)
    },
    stop: settle,
  }
}
