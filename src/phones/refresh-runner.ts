import type { Clock, Milliseconds } from '../base/clock.js'
import { atStart, createRunner, type MachineState } from '../base/machine.js'
import type { RefreshStatus } from './refresh-record.js'
import { type RefreshInput, type RefreshState, type RefreshStep, type RefreshTimer, refreshTable } from './refresh-table.js'

/** Whether a NOTIFY can go out now. `blocked`: a call or the quiet time after an emergency call. `gone`: the phone is not registered here. */
export type Readiness = 'due' | 'blocked' | 'gone'

export interface RefreshTimes {
  /** From the commit, or the end of the phone's call, to the NOTIFY. */
  readonly settleMs: Milliseconds
  /** Pauses before the second, third … attempt. */
  readonly restMs: readonly Milliseconds[]
  /** From the response to the NOTIFY to the fetch, and the same if the phone reboots first. */
  readonly fetchMs: Readonly<Record<RefreshWay, Milliseconds>>
}

/** How a phone is made to fetch its configuration. */
export type RefreshWay = 'refresh' | 'reboot'

export interface RefreshEffects {
  readiness(): Readiness
  /** Sends a NOTIFY and resolves with its outcome. */
  notify(way: RefreshWay): Promise<'confirmed' | 'refused' | 'silent' | 'failed'>
  note(word: RefreshStatus): void
  /** The phone is known not to support a refresh: one attempt, and no alarm. */
  isUnsupported(): boolean
  /**
   * Whether the phone has the configuration that it must show now. Null: it does not get its configuration from this network, so only its
   * responses show anything.
   */
  hasFetched(): boolean | null
}

/** The refresh of one phone. */
export interface Refresh {
  feed(input: RefreshInput): void
  readonly state: RefreshState
  close(): void
}

interface RefreshMachine extends MachineState<RefreshState> {
  tries: number
  way: RefreshWay
  /** The phone was stale before: one attempt, without a reboot. */
  isLast: boolean
  /** Counts NOTIFYs: the phone may have fetched before its response arrives, which then belongs to nothing. */
  sent: number
}

export function createRefresh(clock: Clock, times: RefreshTimes, effects: RefreshEffects): Refresh {
  const machine: RefreshMachine = { ...atStart<RefreshState>('idle'), tries: 0, way: 'refresh', isLast: false, sent: 0 }
  const runner = createRunner<RefreshState, RefreshInput, RefreshStep, RefreshTimer, RefreshMachine>({
    table: refreshTable,
    actions: {
      begin() {
        machine.tries = 0
        machine.way = 'refresh'
        machine.isLast = false
        effects.note('pending')
      },
      lastTry() {
        machine.tries = times.restMs.length
        machine.way = 'refresh'
        machine.isLast = true
      },
      look: () => feed(effects.hasFetched() ? 'fetched' : effects.readiness()),
      notify: () => void send(),
      decide: () => feed(nextTry()),
      noteSent: () => effects.note('sent'),
      noteUnconfirmed: () => effects.note('unconfirmed'),
      noteFetched: () => effects.note('fetched'),
      noteStale: () => effects.note('stale'),
    },
    timing: {
      clock,
      rules: {
        settle: { after: () => times.settleMs, input: 'timer settle' },
        rest: { after: ({ tries }) => times.restMs[tries - 1] ?? 0, input: 'timer rest' },
        fetch: { after: ({ way }) => times.fetchMs[way], input: 'timer fetch' },
      },
    },
  })

  const isSpent = (): boolean => machine.tries > times.restMs.length

  /** A phone that had all its attempts is rebooted once. One that was stale before has one attempt, and is not rebooted again. */
  function nextTry(): RefreshInput {
    if (!isSpent()) return 'silent'
    if (machine.way === 'reboot' || machine.isLast) return 'spent'
    machine.way = 'reboot'
    return 'reboot'
  }

  async function send(): Promise<void> {
    machine.tries += 1
    machine.sent += 1
    const { sent } = machine
    const outcome = await effects.notify(machine.way)
    if (sent !== machine.sent) return
    const isUnanswered = outcome === 'silent' || outcome === 'failed'
    if (effects.hasFetched() !== null && (!isUnanswered || machine.way === 'reboot')) feed('watch')
    else if (isUnanswered && effects.isUnsupported()) feed('refused')
    else feed(isUnanswered && isSpent() ? 'spent' : outcome)
  }

  function feed(input: RefreshInput): void {
    if (input === 'fetched') machine.sent += 1
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
