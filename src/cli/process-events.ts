import type { Clock, Milliseconds } from '../base/clock.js'
import { drainSignal } from '../base/host/run-file.js'
import { hasTerminal } from '../base/host/terminal.js'
import { stopSignals, takeOver } from './early-stop.js'

/** Signals and uncaught faults of this process. */
export interface ProcessEvents {
  /** SIGINT, SIGTERM or SIGHUP, also one that arrived before there was a listener. SIGHUP only as `onReload` has it. */
  onStop(listener: () => void): void
  /**
   * To be called before `onStop`. From then on SIGHUP asks for a reload, unless the terminal of this process has been closed: then it asks
   * to stop.
   */
  onReload(listener: () => void): void
  /** SIGUSR2 (`hotdesk drain` without Redis). */
  onDrain(listener: () => void): void
  /** Asks this process to stop, as SIGTERM does. */
  stop(): void
  /** An uncaught fault. */
  onFault(listener: (fault: unknown) => void): void
  /** Ends the process at once, with nothing closed. */
  abandon(code: number): never
  /** Removes the listeners. */
  close(): void
}

export function processEvents(): ProcessEvents {
  const undo: (() => void)[] = []
  const beganAtTerminal = hasTerminal()
  let reload: (() => void) | null = null
  return {
    onStop(listener) {
      const onSignal = (signal: NodeJS.Signals): void => {
        const isReload = signal === 'SIGHUP' && reload !== null && !(beganAtTerminal && !hasTerminal())
        if (isReload) reload?.()
        else listener()
      }
      for (const signal of stopSignals) {
        process.on(signal, onSignal)
        undo.push(() => process.off(signal, onSignal))
      }
      const early = takeOver()
      if (early !== null) onSignal(early)
    },
    stop: () => void process.kill(process.pid, 'SIGTERM'),
    onDrain(listener) {
      process.on(drainSignal, listener)
      undo.push(() => process.off(drainSignal, listener))
    },
    onReload(listener) {
      reload = listener
    },
    onFault(listener) {
      process.on('uncaughtException', listener)
      process.on('unhandledRejection', listener)
      undo.push(() => process.off('uncaughtException', listener).off('unhandledRejection', listener))
    },
    abandon: (code) => process.exit(code),
    close() {
      for (const off of undo.splice(0)) off()
    },
  }
}

/** Why the process ends. */
export type End = { readonly by: 'signal' } | { readonly by: 'fault'; readonly fault: unknown }

/** A terminal signals every process of a group, and npm or timeout repeat the signal to their child. */
const onceMs: Milliseconds = 1_000

export interface EndNeeds {
  readonly clock: Clock
  /** Whether a second signal may end the process at once. */
  readonly mayAbandon?: () => boolean
}

/** Resolves with the first signal or fault. A second signal, more than a second later, ends the process at once. */
export function endOf(events: ProcessEvents, { clock, mayAbandon = () => true }: EndNeeds): Promise<End> {
  return new Promise((resolve) => {
    let asked: Milliseconds | null = null
    events.onStop(() => {
      if (asked !== null && clock.now() - asked > onceMs && mayAbandon()) events.abandon(130)
      asked ??= clock.now()
      resolve({ by: 'signal' })
    })
    events.onFault((fault) => resolve({ by: 'fault', fault }))
  })
}
