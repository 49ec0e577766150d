import { type Clock, type Milliseconds, pause } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { OpenCall } from './call.js'

export interface DrainNeeds {
  /** Every call that has begun and not ended. */
  readonly open: ReadonlySet<OpenCall>
  /** Resolves when every BYE, CANCEL and refusal has been acknowledged, or after that time. */
  readonly settled: (withinMs: Milliseconds) => Promise<void>
  /** How long to wait for emergency calls. */
  readonly emergencyMs: Milliseconds
  readonly clock: Clock
  readonly log: Logger
}

/** For ordinary calls to end: a call whose 200 is not acknowledged yet ends after its ACK (RFC 3261 §15). */
const hangUpMs: Milliseconds = 2_000
/** For responses to BYE and CANCEL: a lost request is retransmitted after 0.5 and 1.5 s. */
const responseMs: Milliseconds = 3_000
const pollMs: Milliseconds = 20
/** From the socket to the set of open calls. */
const arrivalMs: Milliseconds = 200

/** Emergency calls in set-up or up, PSAP callbacks included. */
export function emergencyCount(open: ReadonlySet<OpenCall>): number {
  return [...open].filter(({ control }) => control.isEmergency).length
}

/**
 * Ends ordinary calls, because the node loses its dialogs when it stops and the phones would never learn that the other side is gone. Then
 * waits for the last emergency call, including those that begin meanwhile.
 */
export async function drain(needs: DrainNeeds): Promise<void> {
  const { open, settled, clock } = needs
  for (const { control } of open) if (!control.isEmergency) control.hangUp('stopping')
  await until(() => emergencyCount(open) === open.size, hangUpMs, clock)
  for (let deadline: Milliseconds | null = null; ; ) {
    await settled(responseMs)
    // The SIP server may hold an emergency call that has not arrived here yet.
    await pause(clock, arrivalMs)
    if (emergencyCount(open) === 0) return
    deadline ??= announceWait(needs)
    if (clock.now() >= deadline) return reportUnfinished(needs)
    await until(() => emergencyCount(open) === 0, deadline - clock.now(), clock)
  }
}

/** Returns the deadline. */
function announceWait({ open, emergencyMs, clock, log }: DrainNeeds): Milliseconds {
  const seconds = emergencyMs / 1_000
  const emergencies = emergencyCount(open)
  log.warn({ event: 'node.stopping', emergencies, seconds }, `emergency calls are up: the node waits up to ${seconds} s`)
  return clock.now() + emergencyMs
}

function reportUnfinished({ open, log }: DrainNeeds): void {
  const left = emergencyCount(open)
  log.error({ event: 'node.stopping', emergencies: left }, `the node stops although ${left} emergency calls are up`)
}

async function until(isDone: () => boolean, withinMs: Milliseconds, clock: Clock): Promise<void> {
  const deadline = clock.now() + withinMs
  while (!isDone() && clock.now() < deadline) await pause(clock, pollMs)
}
