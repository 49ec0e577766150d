import type { Milliseconds } from '../../../src/base/clock.js'
import type { Verdict } from '../history.js'

export type Kind = 'internal' | 'outside' | 'inbound' | 'emergency'

/** A call as its caller saw it. Times are epoch milliseconds. */
export interface PlacedCall {
  readonly kind: Kind
  /** The nodes that it needs. */
  readonly nodes: readonly string[]
  readonly words: string
  readonly began: Milliseconds
  readonly ended: Milliseconds
  /** Who should answer. */
  readonly wanted: string
  /** The final response to its INVITE. */
  readonly status: number
  readonly reason: string
  readonly setupMs: Milliseconds
  /** Who answered; `''` if it was refused. */
  readonly answeredBy: string
  /** The Reason of a BYE that came before the caller hung up; null: none came. */
  readonly cutShort: string | null
  /** From the caller's BYE to its response, or to the time-out of RFC 3261 §17.1.2.2. */
  readonly byeMs: Milliseconds
}

/** A call as the phone saw it that answered. */
export interface AnsweredCall {
  readonly party: string
  /** The node that called it. */
  readonly node: string
  readonly began: Milliseconds
  /** null: it has not ended. */
  readonly lastedMs: Milliseconds | null
}

export interface Load {
  readonly placed: readonly PlacedCall[]
  readonly answered: readonly AnsweredCall[]
  /** Calls that the living nodes and Redis still know afterwards, in words. */
  readonly left: readonly string[]
}

export interface Trouble {
  /** Whether the call needed, while it lasted, what was dead. */
  touches(call: PlacedCall): boolean
  /** Whether the node that called it has died: nobody can tell it that its call is over. */
  isAlone(call: AnsweredCall): boolean
  /** What else went wrong. */
  readonly faults: readonly string[]
}

/** Timer B and Timer F: a request without a response ends after 32 s (RFC 3261 §17.1.1.2, §17.1.2.2). */
const longestSetupMs = 45_000
const longestByeMs = 40_000
/** A call between nodes is probed every ten seconds, for five seconds. */
const longestAnsweredMs = 45_000
/** A BYE that is answered later has been sent six times. */
const lateByeMs = 31_000

/** Calls that do not touch what is dead must succeed, emergency calls among them; every call must end, at both parties. */
export function judgeCalls({ placed, answered, left }: Load, { touches, isAlone, faults }: Trouble): Verdict {
  const touching = placed.filter(touches)
  const others = placed.filter((call) => !touching.includes(call))
  const failed = others.filter((call) => !succeeded(call))
  const emergency = others.filter(({ kind }) => kind === 'emergency')
  const hungCallers = placed.filter(({ setupMs, byeMs }) => setupMs > longestSetupMs || byeMs > longestByeMs)
  const hungCallees = answered.filter((call) => !isAlone(call) && (call.lastedMs === null || call.lastedMs > longestAnsweredMs))
  const setup = others.map(({ setupMs }) => setupMs).sort((a, b) => a - b)
  return {
    counts: {
      attempted: placed.length,
      succeeded: placed.filter(succeeded).length,
      'touching the dead part': touching.length,
      'of these succeeded': touching.filter(succeeded).length,
      'failed of the others': failed.length,
      hung: hungCallers.length + hungCallees.length,
      'emergency calls': emergency.length,
      'emergency calls lost': failed.filter(({ kind }) => kind === 'emergency').length,
      'phones alone at a dead node': answered.filter(isAlone).length,
      'left afterwards': left.length,
      'set up p50 (ms)': Math.round(setup[Math.floor(setup.length / 2)] ?? 0),
      'set up p99 (ms)': Math.round(setup[Math.floor(setup.length * 0.99)] ?? 0),
      'longest end (s)': Math.round(Math.max(0, ...placed.map(({ began, ended }) => ended - began)) / 1_000),
    },
    faults: [
      ...faults,
      ...failed.map((call) => `${call.words}: ${wordsFor(call)}`),
      ...hungCallers.map(({ words }) => `${words} hangs at the caller`),
      ...hungCallees.map(({ party, lastedMs }) => `a call at ${party} hangs: ${lastedMs === null ? 'it has no end' : `${lastedMs} ms`}`),
      ...left,
    ],
  }
}

function succeeded({ status, answeredBy, wanted, cutShort, byeMs }: PlacedCall): boolean {
  return status === 200 && answeredBy === wanted && cutShort === null && byeMs < lateByeMs
}

function wordsFor({ status, reason, setupMs, answeredBy, wanted, cutShort, byeMs }: PlacedCall): string {
  if (status !== 200) return `${status} ${reason} after ${Math.round(setupMs)} ms`
  if (answeredBy !== wanted) return `answered by ${answeredBy}, not by ${wanted}`
  return cutShort === null ? `BYE without a response for ${Math.round(byeMs)} ms` : `cut short: ${cutShort || 'without a Reason'}`
}
