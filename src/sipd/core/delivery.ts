import type { Application, Arrival } from './application.js'
import type { Core } from './core.js'
import type { Dialog } from './dialogs/dialog.js'

/**
 * A request right behind an ACK waits a moment. drachtio-srf handles all that one read of the socket brings without a pause, so a
 * BYE or INFO would be told before the application that awaits its dialog could listen to it.
 */
const pauseBehindAckMs = 20

/** Messages for applications. */
export interface Delivery {
  deliver(dialog: Dialog | null, application: Application, arrival: Arrival): void
}

export function createDelivery(core: Core): Delivery {
  const held = new WeakMap<Dialog, (() => void)[]>()

  return {
    deliver(dialog, application, arrival) {
      const waiting = dialog && held.get(dialog)
      if (waiting) {
        waiting.push(() => application.arrived(arrival))
        return
      }
      const left = dialog ? dialog.acknowledgedAt + pauseBehindAckMs - core.clock.now() : 0
      if (!dialog || left <= 0) return application.arrived(arrival)
      const queue = [() => application.arrived(arrival)]
      held.set(dialog, queue)
      core.clock.after(left, () => {
        held.delete(dialog)
        for (const run of queue) run()
      })
    },
  }
}
