import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import type { Store } from '../../store/store.js'

/** Whether Redis may be written to: not while it is away, nor for a moment after a write has failed. */
export interface Gate {
  isOpen(): boolean
  shutFor(ms: Milliseconds): void
  /** Opens it for a last time, whatever shut it but the absence of Redis. */
  close(): void
}

export interface GateNeeds {
  readonly store: Store
  readonly clock: Clock
  readonly onOpen: () => void
}

export function createGate({ store, clock, onOpen }: GateNeeds): Gate {
  let shut: Alarm | null = null
  const offState = store.onState((state) => {
    if (state === 'connected') open()
  })

  function open(): void {
    shut?.cancel()
    shut = null
    onOpen()
  }

  return {
    isOpen: () => shut === null && store.state === 'connected',
    shutFor(ms) {
      shut ??= clock.after(ms, open)
    },
    close() {
      offState()
      open()
    },
  }
}
