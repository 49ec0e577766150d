import { type Clock, type Milliseconds, pause } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { OpenCall } from './needs.js'

export interface DrainNeeds {
  /** Every call that has begun and not ended. */
  readonly open: ReadonlySet<OpenCall>
  /** Resolves when every BYE, CANCEL and refusal has arrived, or after that time. */
  readonly settled: (withinMs: Milliseconds) => Promise<void>
  /** How long emergency calls are waited for. */
  readonly emergencyMs: Milliseconds
  readonly clock: Clock
  readonly log: Logger
}

/** For ordinary calls to end: one that is not acknowledged yet ends with its ACK (RFC 3261 §15). */
const endMs: Milliseconds = 2_000
/** For the answers to BYE and CANCEL: what was lost goes out again after 0.5 and 1.5 s. */
const answerMs: Milliseconds = 3_000
const lookMs: Milliseconds = 20
/** From the socket to the list of open calls. */
const settleMs: Milliseconds = 200

/** Emergency calls in set-up or up, and calls back from the centre. */
export function helpCalls(open: ReadonlySet<OpenCall>): number {
  return [...open].filter(({ control }) => control.isHelp).length
}

/**
 * Ends ordinary calls, because the node forgets its dialogs when it ends: a phone would never learn that its other side has hung up. Then
 * waits until the last emergency call has ended, those that begin meanwhile included.
 */
export async function drain(needs: DrainNeeds): Promise<void> {
  const { open, settled, clock } = needs
  for (const { control } of open) if (!control.isHelp) control.hangUp('stopping')
  await until(() => helpCalls(open) === open.size, endMs, clock)
  for (let deadline: Milliseconds | null = null; ; ) {
    await settled(answerMs)
    // The SIP server may have taken an emergency call that has not come here yet.
    await pause(clock, settleMs)
    if (helpCalls(open) === 0) return
    deadline ??= tellWait(needs)
    if (clock.now() >= deadline) return tellEnd(needs)
    await until(() => helpCalls(open) === 0, deadline - clock.now(), clock)
  }
}

/** Answers until when. */
function tellWait({ open, emergencyMs, clock, log }: DrainNeeds): Milliseconds {
  const seconds = emergencyMs / 1_000
  log.warn({ event: 'node.stopping', emergencies: helpCalls(open), seconds }, `emergency calls are up: the node waits up to ${seconds} s`)
  return clock.now() + emergencyMs
}

function tellEnd({ open, log }: DrainNeeds): void {
  const left = helpCalls(open)
  log.error({ event: 'node.stopping', emergencies: left }, `the node ends though ${left} emergency calls are up`)
}

async function until(isSo: () => boolean, withinMs: Milliseconds, clock: Clock): Promise<void> {
  const deadline = clock.now() + withinMs
  while (!isSo() && clock.now() < deadline) await pause(clock, lookMs)
}
