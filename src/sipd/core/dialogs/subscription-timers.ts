import type { Clock, Milliseconds } from '../../../base/clock.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import { maxDeltaSeconds, parseInteger } from '../../../sip/syntax/integer.js'
import type { Dialog } from './dialog.js'
import type { Dialogs } from './dialogs.js'

/** Ends the dialogs of subscriptions that expire without a refresh (RFC 6665 §4.1.2.2). */
export interface SubscriptionTimers {
  restart(dialog: Dialog, seconds: number): void
}

export interface SubscriptionTimersNeeds {
  readonly clock: Clock
  readonly t1: Milliseconds
  readonly dialogs: Pick<Dialogs, 'has' | 'end'>
}

/** Longest delay of a timer in Node. */
const maxDelayMs = 2 ** 31 - 1

export function createSubscriptionTimers({ clock, t1, dialogs }: SubscriptionTimersNeeds): SubscriptionTimers {
  return {
    restart(dialog, seconds) {
      dialog.expiry?.cancel()
      if (!dialogs.has(dialog)) return
      dialog.expiry = clock.after(Math.min(seconds * 1000 + 64 * t1, maxDelayMs), () => dialogs.end(dialog))
    },
  }
}

/** Seconds of the subscription that a 2xx to SUBSCRIBE grants. */
export function secondsGranted(response: SipResponse): number {
  return parseInteger(response.first('Expires') ?? '', maxDeltaSeconds) ?? 3600
}

/** True for the NOTIFY that ends a subscription (RFC 6665 §4.4.1). */
export function endsSubscription(notify: SipRequest): boolean {
  return /^terminated\b/i.test(notify.first('Subscription-State') ?? '')
}
