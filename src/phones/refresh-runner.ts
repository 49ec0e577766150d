import type { Alarm, Clock, Milliseconds } from '../base/clock.js'
import { type RefreshAction, type RefreshInput, type RefreshState, refreshTable } from './refresh-table.js'

/** What stands between a phone and its NOTIFY just now. */
export type Readiness = 'due' | 'blocked' | 'gone'

export interface RefreshTimes {
  /** Between the commit, or the end of the phone's call, and the NOTIFY. */
  readonly settleMs: Milliseconds
  /** Before the second, the third … try. */
  readonly restMs: readonly Milliseconds[]
}

export interface RefreshEffects {
  readiness(): Readiness
  /** Resolves with what the phone made of it. */
  notify(): Promise<'confirmed' | 'refused' | 'silent' | 'failed'>
  note(word: 'pending' | 'sent' | 'unconfirmed' | 'stale'): void
  /** The phone is known not to follow: one try, and no alarm. */
  cannotFollow(): boolean
}

/** The refresh of one phone: `refreshTable` set in motion. */
export interface Refresh {
  feed(input: RefreshInput): void
  readonly state: RefreshState
  close(): void
}

export function createRefresh(clock: Clock, times: RefreshTimes, effects: RefreshEffects): Refresh {
  let state: RefreshState = 'idle'
  let tries = 0
  let alarm: Alarm | null = null

  const actions: Readonly<Record<RefreshAction, () => void>> = {
    begin() {
      tries = 0
      effects.note('pending')
    },
    lastTry() {
      tries = times.restMs.length
    },
    settle: () => wait(times.settleMs),
    rest: () => wait(times.restMs[tries - 1] ?? 0),
    notify: () => void send(),
    noteSent: () => effects.note('sent'),
    noteUnconfirmed: () => effects.note('unconfirmed'),
    noteStale: () => effects.note('stale'),
  }

  function wait(ms: Milliseconds): void {
    alarm = clock.after(ms, () => feed(effects.readiness()))
  }

  async function send(): Promise<void> {
    tries += 1
    const outcome = await effects.notify()
    const isUnanswered = outcome === 'silent' || outcome === 'failed'
    if (isUnanswered && effects.cannotFollow()) feed('refused')
    else feed(isUnanswered && tries > times.restMs.length ? 'spent' : outcome)
  }

  function feed(input: RefreshInput): void {
    const row = refreshTable[state][input]
    if (!row) return
    alarm?.cancel()
    alarm = null
    const [next, ...steps] = row
    state = next
    for (const step of steps) actions[step]()
  }

  return {
    feed,
    get state() {
      return state
    },
    close() {
      alarm?.cancel()
      state = 'idle'
    },
  }
}
