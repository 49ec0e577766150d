import type { Alarm, Clock, Milliseconds } from './clock.js'

/**
 * A protocol machine as data: states down, inputs across. Each cell holds the next state and the actions, in order. A state ignores the
 * inputs that it does not name.
 */
export type Table<State extends string, Input extends string, Action> = {
  readonly [state in State]: { readonly [input in Input]?: readonly [next: State, ...actions: Action[]] }
}

const verbs = ['start', 'stop', 'double', 'repeat'] as const
export type TimerVerb = (typeof verbs)[number]

/**
 * An action on a timer. `start` starts or restarts it; `stop` stops it. After it has fired, `double` starts it with twice its last time, up
 * to its longest, and `repeat` with its longest.
 */
export interface TimerAction<Timer extends string = string> {
  readonly verb: TimerVerb
  readonly timer: Timer
}

export type TimerActions<Timer extends string> = { readonly [verb in TimerVerb]: { readonly [name in Timer]: TimerAction<Timer> } }

/** The actions on timers of these names, for the cells of a table: `start.A`, `stop.B`. */
export function timerActions<Timer extends string>(...names: readonly Timer[]): TimerActions<Timer> {
  const actionsOf = (verb: TimerVerb) => Object.fromEntries(names.map((timer) => [timer, { verb, timer }]))
  return Object.fromEntries(verbs.map((verb) => [verb, actionsOf(verb)])) as unknown as TimerActions<Timer>
}

/** One timer of a machine. */
export interface TimerRule<Subject, Input extends string> {
  /** Time until it fires. 0: right after the actions of the cell that starts it. Infinity: never. */
  readonly after: (subject: Subject) => Milliseconds
  /** For timers that repeat: the limit of doubling. */
  readonly longest?: (subject: Subject) => Milliseconds
  /** The input of the machine when it fires. */
  readonly input: Input
}

interface RunningTimer {
  readonly timer: string
  readonly alarm: Alarm
}

/** The runner's state of one machine; `atStart` creates it. */
export interface MachineState<State extends string> {
  state: State
  /** Running timers. Null until the first one starts. */
  running: RunningTimer[] | null
  /** Last time of the timer that repeats. A machine has only one such timer at a time. */
  repeatMs: Milliseconds
  isBusy: boolean
  /** Inputs that arrived while another was being handled; null if none did. */
  queue: (readonly [input: string, detail: unknown])[] | null
}

/** A machine in its first state, to be spread into a new subject. Where speed counts, write its members out instead. */
export function atStart<State extends string>(state: State): MachineState<State> {
  return { state, running: null, repeatMs: 0, isBusy: false, queue: null }
}

export interface MachineNeeds<
  State extends string,
  Input extends string,
  Word extends string,
  Timer extends string,
  Subject extends MachineState<State>,
  Detail,
> {
  readonly table: Table<State, Input, Word | TimerAction<Timer>>
  /** Runs an action. `detail` belongs to the input that is being handled. */
  readonly actions: { readonly [word in Word]: (subject: Subject, detail: Detail | undefined) => void }
  /** For tables with timers. */
  readonly timing?: {
    readonly clock: Clock
    readonly rules: { readonly [timer in Timer]: TimerRule<Subject, Input> }
    /** Receives an error that an action throws when a timer fires, if the error concerns one machine and not the process. */
    readonly onFault?: (fault: unknown) => void
  }
  /** The machine has reached a state without inputs. All of its timers are stopped. */
  readonly ended?: (subject: Subject) => void
}

/** Runs all machines of one table. */
export interface Runner<Input extends string, Subject, Detail> {
  /**
   * Moves a machine on. An input that arrives while another one is handled waits for its turn. An action that throws skips the actions
   * behind it in its cell; the waiting inputs are still handled, then the fault is thrown (an AggregateError if there are several).
   */
  feed(subject: Subject, input: Input, detail?: Detail): void
  /** True if the machine's state names this input. */
  accepts(subject: Subject, input: Input): boolean
  /** Stops all timers of a machine. */
  stopTimers(subject: Subject): void
}

export function createRunner<
  State extends string,
  Input extends string,
  Word extends string,
  Timer extends string,
  Subject extends MachineState<State>,
  Detail = undefined,
>({ table, actions, timing, ended }: MachineNeeds<State, Input, Word, Timer, Subject, Detail>): Runner<Input, Subject, Detail> {
  const finalStates = new Set(Object.entries(table).flatMap(([state, row]) => (Object.keys(row as object).length === 0 ? [state] : [])))

  function feed(subject: Subject, input: Input, detail?: Detail): void {
    if (subject.isBusy) {
      subject.queue ??= []
      subject.queue.push([input, detail])
      return
    }
    subject.isBusy = true
    let faults = tryStep(subject, input, detail, null)
    for (let next = subject.queue?.shift(); next; next = subject.queue?.shift())
      faults = tryStep(subject, next[0] as Input, next[1] as Detail, faults)
    subject.queue = null
    subject.isBusy = false
    if (faults) throw faults.length === 1 ? faults[0] : new AggregateError(faults, 'several inputs of a state machine failed')
  }

  function tryStep(subject: Subject, input: Input, detail: Detail | undefined, faults: unknown[] | null): unknown[] | null {
    try {
      step(subject, input, detail)
      return faults
    } catch (fault) {
      return [...(faults ?? []), fault]
    }
  }

  function step(subject: Subject, input: Input, detail: Detail | undefined): void {
    const cell = table[subject.state]?.[input]
    if (!cell) return
    const wasFinal = finalStates.has(subject.state)
    subject.state = cell[0]
    try {
      for (let at = 1; at < cell.length; at += 1) {
        const action = cell[at] as Word | TimerAction<Timer>
        if (typeof action === 'string') actions[action](subject, detail)
        else turn(subject, action)
      }
    } finally {
      if (!wasFinal && finalStates.has(subject.state)) finish(subject)
    }
  }

  function finish(subject: Subject): void {
    stopTimers(subject)
    ended?.(subject)
  }

  function turn(subject: Subject, { verb, timer }: TimerAction<Timer>): void {
    stopTimer(subject, timer)
    if (!timing || verb === 'stop') return
    const rule = timing.rules[timer]
    const ms = timeOf(subject, rule, verb)
    if (ms === Number.POSITIVE_INFINITY) return
    if (ms === 0) {
      subject.queue ??= []
      subject.queue.push([rule.input, undefined])
      return
    }
    const alarm = timing.clock.after(ms, () => fire(subject, timer, rule.input))
    if (subject.running) subject.running.push({ timer, alarm })
    else subject.running = [{ timer, alarm }]
  }

  function timeOf(subject: Subject, rule: TimerRule<Subject, Input>, verb: Exclude<TimerVerb, 'stop'>): Milliseconds {
    const first = rule.after(subject)
    if (first === 0 || first === Number.POSITIVE_INFINITY) return first
    if (!rule.longest) return first
    const longest = rule.longest(subject)
    if (verb === 'start') subject.repeatMs = first
    else subject.repeatMs = verb === 'double' ? Math.min(subject.repeatMs * 2, longest) : longest
    return subject.repeatMs
  }

  function fire(subject: Subject, timer: Timer, input: Input): void {
    forgetTimer(subject, timer)
    try {
      feed(subject, input)
    } catch (fault) {
      if (!timing?.onFault) throw fault
      timing.onFault(fault)
    }
  }

  return { feed, accepts: (subject, input) => table[subject.state]?.[input] !== undefined, stopTimers }
}

function stopTimer({ running }: MachineState<string>, name: string): void {
  const at = running?.findIndex(({ timer }) => timer === name) ?? -1
  if (at >= 0) running?.splice(at, 1)[0]?.alarm.cancel()
}

function forgetTimer({ running }: MachineState<string>, name: string): void {
  const at = running?.findIndex(({ timer }) => timer === name) ?? -1
  if (at >= 0) running?.splice(at, 1)
}

function stopTimers(machine: MachineState<string>): void {
  for (const { alarm } of machine.running ?? []) alarm.cancel()
  machine.running = null
}
