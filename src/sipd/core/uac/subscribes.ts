import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { Flow, TransactionLayer } from '../../transaction/transaction-layer.js'
import type { Application } from '../application.js'
import type { Dialog } from '../dialogs/dialog.js'
import type { Dialogs } from '../dialogs/dialogs.js'
import { dialogOfNotify, dialogOfResponse } from '../dialogs/new-uac-dialog.js'
import { type SubscriptionTimers, secondsGranted } from '../dialogs/subscription-timers.js'
import type { Origin } from '../passage.js'

/** The SUBSCRIBEs that applications send outside dialogs. */
export interface Subscribes {
  start(application: Application, subscribe: SipRequest): void
  /** The final response; a 2xx creates the dialog. */
  receive(application: Application, subscribe: SipRequest, response: SipResponse, origin: Origin): void
  /** Creates the dialog for a NOTIFY that arrives before the 2xx of its SUBSCRIBE (RFC 6665 §4.1.2.4); null for any other request. */
  adopt(notify: SipRequest, flow: Flow): Dialog | null
}

export interface SubscribesNeeds {
  readonly layer: Pick<TransactionLayer, 'isUnknownSource'>
  readonly dialogs: Dialogs
  readonly subscriptionTimers: SubscriptionTimers
}

interface PendingSubscribe {
  readonly application: Application
  readonly subscribe: SipRequest
  /** Dialogs created by NOTIFYs. */
  readonly adopted: Dialog[]
}

export function createSubscribes({ layer, dialogs, subscriptionTimers }: SubscribesNeeds): Subscribes {
  /** Without a final response, by Call-ID and local tag. */
  const pending = new Map<string, PendingSubscribe>()
  return {
    start: (application, subscribe) =>
      void pending.set(keyOf(subscribe.callId, subscribe.from.tag), { application, subscribe, adopted: [] }),
    receive(application, subscribe, response, { flow }) {
      const key = keyOf(subscribe.callId, subscribe.from.tag)
      // RFC 6665 §4.1.2.1: after a refusal there is no subscription, so the dialogs of earlier NOTIFYs end too.
      if (response.status >= 300) for (const dialog of pending.get(key)?.adopted ?? []) dialogs.end(dialog)
      pending.delete(key)
      if (response.status >= 300 || !flow) return
      const known = dialogs.byTags(subscribe.callId, subscribe.from.tag, response.to.tag)
      const dialog =
        known ?? dialogOfResponse(subscribe, response, { application, flow, followsFlow: false, isPinned: layer.isUnknownSource(flow) })
      if (!known) dialogs.add(dialog)
      dialogs.confirm(dialog)
      subscriptionTimers.restart(dialog, secondsGranted(response))
    },
    adopt(notify, flow) {
      const found = notify.method === 'NOTIFY' ? pending.get(keyOf(notify.callId, notify.to.tag)) : undefined
      if (!found) return null
      const dialog = dialogOfNotify(found.subscribe, notify, { application: found.application, flow })
      dialogs.add(dialog)
      found.adopted.push(dialog)
      return dialog
    },
  }
}

function keyOf(callId: string, tag: string): string {
  return `${callId}\n${tag}`
}
