import type { Clock } from '../../../base/clock.js'
import type { SavedDialog } from '../../../sip/saved-dialog.js'
import type { TransactionLayer } from '../../transaction/transaction-layer.js'
import { endpointText } from '../../transport/flow.js'
import type { Application } from '../application.js'
import { contactOf } from '../compose.js'
import { newDialog } from './dialog.js'
import type { Dialogs } from './dialogs.js'
import type { SubscriptionTimers } from './subscription-timers.js'

export interface DialogRestorationNeeds {
  readonly clock: Clock
  readonly layer: Pick<TransactionLayer, 'listening'>
  readonly dialogs: Pick<Dialogs, 'add' | 'confirm' | 'hasRoom' | 'byTags'>
  readonly subscriptionTimers: SubscriptionTimers
}

/**
 * Adds the dialog of a subscription that began before this server did: then its NOTIFYs and refreshes go on (RFC 6665 §4.2.1.4). Its flow is gone;
 * requests go where the application says, else to the remote target. Null, or why it is refused.
 */
export function createDialogRestoration(needs: DialogRestorationNeeds): (application: Application, saved: SavedDialog) => string | null {
  const { clock, layer, dialogs, subscriptionTimers } = needs
  return (application, saved) => {
    const { callId, localTag, remoteTag } = saved
    const own =
      layer.listening.find(({ local }) => endpointText(local) === saved.receivedOn) ??
      layer.listening.find(({ local }) => saved.receivedOn.endsWith(`:${local.port}`))
    const socket = own ?? layer.listening[0]
    if (!socket || !dialogs.hasRoom(false)) return 'no room for a dialog'
    if (dialogs.byTags(callId, localTag, remoteTag)) return 'dialog exists'
    const dialog = newDialog({
      callId,
      fromTag: remoteTag,
      localTag,
      remoteTag,
      local: saved.local,
      remote: saved.remote,
      creator: 'SUBSCRIBE',
      application,
      localSeq: saved.localSeq,
      remoteSeq: saved.remoteSeq,
      routeSet: saved.routes,
      remoteTarget: saved.target,
      flow: null,
      followsFlow: false,
      socket: socket.local,
      isPinned: false,
      contact: own ? saved.contact : contactOf(socket),
    })
    dialogs.add(dialog)
    dialogs.confirm(dialog)
    subscriptionTimers.restart(dialog, Math.max(0, Math.ceil((saved.until - clock.now()) / 1_000)))
    return null
  }
}
