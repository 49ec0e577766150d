import type { Clock, Milliseconds } from '../base/clock.js'

/** Whether the node takes ordinary calls. It takes emergency calls in every state. */
export interface Admission {
  readonly isOpen: boolean
  /** Waits up to six seconds for a node that is starting. False: the caller must try again later. */
  opens(): Promise<boolean>
  open(): void
  /** Closes for good: the node is stopping. */
  stop(): void
}

/** How long a call that arrives during the start waits. */
const startWaitMs: Milliseconds = 6_000

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
        const alarm = clock.after(startWaitMs, () => settle(false))
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
