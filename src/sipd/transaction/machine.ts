import type { Alarm, Clock } from '../../base/clock.js'
import type { SipTimers } from '../../sip/timers.js'
import type { Action, Input, MachineTable, TimerName } from './tables/machine-table.js'

/** What the runner leaves to the owner of a machine; states and timers it does itself. */
export type Effect = Exclude<Action, `${TimerVerb} ${TimerName}`>

/** One transaction's place in its table. Of its two alarms one repeats (A, E, G) and one ends. */
export interface Machine {
  readonly table: MachineTable
  timers: SipTimers
  state: string
  /** Last duration of the repeating alarm. */
  repeatMs: number
  repeating: Alarm | null
  ending: Alarm | null
}

export interface Runner<Kind extends Machine> {
  /** Gives an input to a machine: next state, then the actions in order. An input that the state does not name is absorbed. */
  feed(machine: Kind, input: Input): void
  /** Back to `idle`, alarms off, without a word. */
  reset(machine: Kind): void
}

export interface RunnerNeeds<Kind extends Machine> {
  readonly clock: Clock
  perform(machine: Kind, effect: Effect): void
  /** The machine has terminated. */
  ended(machine: Kind): void
  /** A timer's work has failed: that concerns one transaction and not the process. */
  onFault(fault: unknown): void
}

type TimerVerb = 'start' | 'stop' | 'double' | 'repeat'

interface TimerStep {
  readonly verb: TimerVerb
  readonly duration: keyof SipTimers
  /** What the machine hears when it is over. */
  readonly over: Input
  readonly slot: 'repeating' | 'ending'
  readonly isCapped: boolean
}

/** Which of the RFC's durations each timer has; the longest a cancelled INVITE waits is that of Timer B (RFC 3261 §9.1). */
const durations: Readonly<Record<TimerName, keyof SipTimers>> = {
  A: 'a',
  B: 'b',
  D: 'd',
  E: 'e',
  F: 'f',
  G: 'g',
  H: 'h',
  I: 'i',
  J: 'j',
  K: 'k',
  L: 'l',
  M: 'm',
  N: 'b',
}

// Each action is taken apart once: the runner is on the path of every message.
const timerSteps = new Map<Action, TimerStep | null>()

function timerStepOf(action: Action): TimerStep | null {
  let step = timerSteps.get(action)
  if (step === undefined) {
    step = dissect(action)
    timerSteps.set(action, step)
  }
  return step
}

function dissect(action: Action): TimerStep | null {
  const parts = /^(start|stop|double|repeat) ([A-N])$/.exec(action)
  if (!parts) return null
  const name = parts[2] as TimerName
  const slot = name === 'A' || name === 'E' || name === 'G' ? 'repeating' : 'ending'
  // RFC 3261 §17.1.1.2: Timer A doubles without end; E and G stop at T2.
  return { verb: parts[1] as TimerVerb, duration: durations[name], over: `timer ${name}`, slot, isCapped: name !== 'A' }
}

/** The one runner of all four tables. */
export function createRunner<Kind extends Machine>({ clock, perform, ended, onFault }: RunnerNeeds<Kind>): Runner<Kind> {
  function feed(machine: Kind, input: Input): void {
    const cell = machine.table[machine.state]?.[input]
    if (!cell) return
    machine.state = cell[0]
    let due: Input | null = null
    for (let at = 1; at < cell.length; at += 1) {
      const action = cell[at] as Action
      const step = timerStepOf(action)
      if (!step) perform(machine, action as Effect)
      else if (step.verb === 'stop') stopAlarm(machine, step.slot)
      else if (!arm(machine, step)) due = step.over
    }
    if (machine.state === 'terminated') ended(machine)
    else if (due) feed(machine, due)
  }

  /** False where the time is over at once: Timers D, I, J and K of reliable transports. */
  function arm(machine: Kind, step: TimerStep): boolean {
    const ms = machine.timers[step.duration]
    if (ms === 0) return false
    // Reliable transports have no repetitions.
    if (ms === Number.POSITIVE_INFINITY) return true
    if (step.slot === 'ending') {
      machine.ending = clock.after(ms, () => ring(machine, step.over))
      return true
    }
    machine.repeatMs = repetition(machine, step, ms)
    machine.repeating = clock.after(machine.repeatMs, () => ring(machine, step.over))
    return true
  }

  function ring(machine: Kind, over: Input): void {
    try {
      feed(machine, over)
    } catch (fault) {
      onFault(fault)
    }
  }

  return {
    feed,
    reset(machine) {
      stopAlarm(machine, 'repeating')
      stopAlarm(machine, 'ending')
      machine.state = 'idle'
    },
  }
}

function repetition({ timers, repeatMs }: Machine, { verb, isCapped }: TimerStep, first: number): number {
  if (verb === 'start') return first
  if (verb === 'repeat') return timers.t2
  return isCapped ? Math.min(repeatMs * 2, timers.t2) : repeatMs * 2
}

function stopAlarm(machine: Machine, slot: 'repeating' | 'ending'): void {
  machine[slot]?.cancel()
  machine[slot] = null
}
