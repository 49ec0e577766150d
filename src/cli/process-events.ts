import type { Clock, Milliseconds } from '../base/clock.js'
import { stopSignals, takeOver } from './early-stop.js'

/** What may end a running process from outside or from within. */
export interface ProcessEvents {
  /** Ctrl-C, a polite kill, or a terminal that was closed; also one that came before anyone listened. */
  onStop(listener: () => void): void
  /** A fault that no part of the program caught. */
  onFault(listener: (fault: unknown) => void): void
  /** Ends the process at once, with nothing closed. */
  abandon(code: number): never
  /** Takes the listeners off again. */
  close(): void
}

export function processEvents(): ProcessEvents {
  const undo: (() => void)[] = []
  return {
    onStop(listener) {
      for (const signal of stopSignals) {
        process.on(signal, listener)
        undo.push(() => process.off(signal, listener))
      }
      if (takeOver()) listener()
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

/** Why the process is to end. */
export type End = { readonly by: 'signal' } | { readonly by: 'fault'; readonly fault: unknown }

/** A terminal tells every process of a group, and npm or timeout tell theirs once more. */
const onceMs: Milliseconds = 1_000

export interface EndNeeds {
  readonly clock: Clock
  /** Answers whether a second signal may end the process at once. */
  readonly mayAbandon?: () => boolean
}

/** The first of them. A second signal, more than a second later, ends the process at once. */
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
