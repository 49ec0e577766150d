import type { Clock, Milliseconds } from '../base/clock.js'
import { atStart, createRunner, type MachineState } from '../base/machine.js'
import { type RefreshInput, type RefreshState, type RefreshStep, type RefreshTimer, refreshTable } from './refresh-table.js'

/** Whether a NOTIFY can go out now. `blocked`: a call or the quiet time after an emergency call. `gone`: the phone is not registered here. */
export type Readiness = 'due' | 'blocked' | 'gone'

export interface RefreshTimes {
  /** From the commit, or the end of the phone's call, to the NOTIFY. */
  readonly settleMs: Milliseconds
  /** Pauses before the second, third … attempt. */
  readonly restMs: readonly Milliseconds[]
}

export interface RefreshEffects {
  readiness(): Readiness
  /** Sends a NOTIFY and resolves with its outcome. */
  notify(): Promise<'confirmed' | 'refused' | 'silent' | 'failed'>
  note(word: 'pending' | 'sent' | 'unconfirmed' | 'stale'): void
  /** The phone is known not to support a refresh: one attempt, and no alarm. */
  isUnsupported(): boolean
}

/** The refresh of one phone. */
export interface Refresh {
  feed(input: RefreshInput): void
  readonly state: RefreshState
  close(): void
}

interface RefreshMachine extends MachineState<RefreshState> {
  tries: number
}

export function createRefresh(clock: Clock, times: RefreshTimes, effects: RefreshEffects): Refresh {
  const machine: RefreshMachine = { ...atStart<RefreshState>('idle'), tries: 0 }
  const runner = createRunner<RefreshState, RefreshInput, RefreshStep, RefreshTimer, RefreshMachine>({
    table: refreshTable,
    actions: {
      begin() {
        machine.tries = 0
        effects.note('pending')
      },
      lastTry() {
        machine.tries = times.restMs.length
      },
      look: () => feed(effects.readiness()),
      notify: () => void send(),
      noteSent: () => effects.note('sent'),
      noteUnconfirmed: () => effects.note('unconfirmed'),
      noteStale: () => effects.note('stale'),
    },
    timing: {
      clock,
      rules: {
        settle: { after: () => times.settleMs, input: 'timer settle' },
        rest: { after: ({ tries }) => times.restMs[tries - 1] ?? 0, input: 'timer rest' },
      },
    },
  })

  async function send(): Promise<void> {
    machine.tries += 1
    const outcome = await effects.notify()
    const isUnanswered = outcome === 'silent' || outcome === 'failed'
    if (isUnanswered && effects.isUnsupported()) feed('refused')
    else feed(isUnanswered && machine.tries > times.restMs.length ? 'spent' : outcome)
  }

  function feed(input: RefreshInput): void {
    runner.feed(machine, input)
  }

  return {
    feed,
    get state() {
      return machine.state
    },
    close() {
      runner.stopTimers(machine)
      machine.state = 'idle'
    },
  }
}
