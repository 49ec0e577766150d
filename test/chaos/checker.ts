import type { Verdict } from './history.js'

/** One login or logout at one desk. A desk starts its next operation when the one before has an outcome. */
export interface Operation {
  readonly desk: string
  /** The user who sits there if it was done; null after a logout. No two logins of a history have the same user. */
  readonly wanted: string | null
  /** `unanswered`: uncertain, without a word from Redis; it may still be done later. */
  readonly outcome: 'acknowledged' | 'uncertain' | 'unanswered' | 'refused'
  /** What the event stream says if it was done; null: nothing that belongs to this operation alone. */
  readonly trace: Trace | null
  readonly began: number
  readonly ended: number
}

/** An entry of the event stream. */
export interface Trace {
  readonly kind: 'login' | 'logout'
  readonly device: string
  readonly user: string
}

/** What the network holds when the history is over. */
export interface Aftermath {
  /** Desk → user. */
  readonly seats: ReadonlyMap<string, string>
  readonly traces: readonly Trace[]
}

/**
 * Compares what people heard with what is so. An acknowledged operation is lost when the stream of events does not have it, or when the
 * desk shows anything but the last acknowledged operation or a later uncertain one. A refused operation must have done nothing.
 */
export function judge(operations: readonly Operation[], { seats, traces }: Aftermath): Verdict {
  const done = new Set(traces.map(nameOf))
  const isDone = ({ trace }: Operation): boolean => trace === null || done.has(nameOf(trace))
  const withOutcome = (...outcomes: readonly Operation['outcome'][]) => operations.filter(({ outcome }) => outcomes.includes(outcome))
  const acknowledged = withOutcome('acknowledged')
  const lost = acknowledged.filter((operation) => !isDone(operation))
  const ghosts = withOutcome('refused').filter((operation) => operation.trace !== null && isDone(operation))
  const desks = [...new Set(operations.map(({ desk }) => desk))]
  const ofDesk = (desk: string) => operations.filter((operation) => operation.desk === desk)
  const ends = desks.map((desk) => ({ desk, seat: seats.get(desk) ?? null, end: endOf(ofDesk(desk), seats.get(desk) ?? null) }))
  const astray = ends.filter(({ end }) => end === 'astray')
  return {
    counts: {
      acknowledged: acknowledged.length,
      uncertain: withOutcome('uncertain', 'unanswered').length,
      refused: withOutcome('refused').length,
      lost: lost.length,
      'done though refused': ghosts.length,
      overtaken: ends.filter(({ end }) => end === 'overtaken').length,
      'wrong in the end': astray.length,
      'longest pause (ms)': Math.round(longestPause(acknowledged)),
    },
    faults: [
      ...lost.map(({ desk, wanted }) => `${desk}: ${wanted ?? 'logout'} was acknowledged, and is lost`),
      ...ghosts.map(({ desk, wanted }) => `${desk}: ${wanted ?? 'logout'} was refused, and is done`),
      ...astray.map(({ desk, seat }) => `${desk} ends with ${seat ?? 'nobody'}, which nothing in the history explains`),
    ],
  }
}

/** `overtaken`: an operation that nothing was heard of was done after a later one. */
function endOf(operations: readonly Operation[], seat: string | null): 'explained' | 'overtaken' | 'astray' {
  const last = operations.findLastIndex(({ outcome }) => outcome === 'acknowledged')
  if (last === -1 && seat === null) return 'explained'
  const matching = operations.flatMap(({ wanted }, index) => (wanted === seat ? [index] : []))
  const isPossible = (index: number): boolean => index === last || (index > last && operations[index]?.outcome !== 'refused')
  if (matching.some(isPossible)) return 'explained'
  return matching.some((index) => operations[index]?.outcome === 'unanswered') ? 'overtaken' : 'astray'
}

function longestPause(acknowledged: readonly Operation[]): number {
  const ended = acknowledged.map((operation) => operation.ended).sort((a, b) => a - b)
  return Math.max(0, ...ended.slice(1).map((at, index) => at - (ended[index] ?? at)))
}

function nameOf({ kind, device, user }: Trace): string {
  return `${kind} ${device} ${user}`
}
