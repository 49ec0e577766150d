import type { Clock, Milliseconds } from '../base/clock.js'

/** Which calls a node takes. It takes emergency calls in every state; of all others this decides. */
export interface Admission {
  readonly isOpen: boolean
  /** Waits for a node that starts, up to six seconds. False: the caller must try again later. */
  opens(): Promise<boolean>
  open(): void
  /** For good: the node ends. */
  stop(): void
}

/** A call that arrives while the node starts waits for this long. */
const startPatienceMs: Milliseconds = 6_000

export function createAdmission(clock: Clock): Admission {
  let state: 'starting' | 'open' | 'stopped' = 'starting'
  const waiting = new Set<(isAdmitted: boolean) => void>()

  function become(next: 'open' | 'stopped'): void {
    if (state === 'stopped') return
    state = next
    for (const settle of waiting) settle(next === 'open')
  }

  return {
    get isOpen() {
      return state === 'open'
    },
    opens() {
      if (state !== 'starting') return Promise.resolve(state === 'open')
      return new Promise((resolve) => {
        const alarm = clock.after(startPatienceMs, () => settle(false))
        function settle(isAdmitted: boolean): void {
          alarm.cancel()
          waiting.delete(settle)
          resolve(isAdmitted)
        }
        waiting.add(settle)
      })
    },
    open: () => become('open'),
    stop: () => become('stopped'),
  }
}
