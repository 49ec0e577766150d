import type { Clock, Milliseconds } from '../base/clock.js'

/** Whether the node takes ordinary calls. It takes emergency calls in every state. */
export interface Admission {
  readonly isOpen: boolean
  /** Waits up to six seconds for a node that is starting. False: the caller must try again later. */
  opens(): Promise<boolean>
  open(): void
  /** Refuses new calls until `open`. */
  pause(): void
  /** True after `pause`: calls that no other node can take are taken all the same. */
  readonly isPaused: boolean
  /** Closes for good: the node is stopping. */
  stop(): void
}

/** How long a call that arrives during the start waits. */
const startWaitMs: Milliseconds = 6_000

export function createAdmission(clock: Clock): Admission {
  let state: 'starting' | 'open' | 'paused' | 'stopped' = 'starting'
  const waiting = new Set<(isAdmitted: boolean) => void>()

  function become(next: 'open' | 'paused' | 'stopped'): void {
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
    get isPaused() {
      return state === 'paused'
    },
    open: () => become('open'),
    pause: () => become('paused'),
    stop: () => become('stopped'),
  }
}
