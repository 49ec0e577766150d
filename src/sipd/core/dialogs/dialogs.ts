import { createRunner } from '../../../base/machine.js'
import type { SipRequest } from '../../../sip/message/message.js'
import type { Application } from '../application.js'
import type { Dialog } from './dialog.js'
import { type DialogAction, type DialogInput, type DialogState, dialogTable } from './dialog-table.js'

/** All dialogs, by Call-ID and tags and by the ids that applications use. */
export interface Dialogs {
  /** If forks share an id, it means the one added last. A dialog that is over is not added. */
  add(dialog: Dialog): void
  /** The request that created it was accepted. */
  confirm(dialog: Dialog): void
  /** The application's BYE was sent: the dialog ends with its response. */
  startBye(dialog: Dialog): void
  /** Ends and removes a dialog. */
  end(dialog: Dialog): void
  /** The dialog of a received request (RFC 3261 §12.2.2). */
  of(request: SipRequest): Dialog | undefined
  /** False for a dialog that is over. */
  has(dialog: Dialog): boolean
  byTags(callId: string, localTag: string, remoteTag: string): Dialog | undefined
  byId(id: string): Dialog | undefined
  ofApplication(application: Application): readonly Dialog[]
  /** The connections to which the requests of calls are bound. */
  connectionsInCall(): ReadonlySet<number | null>
  /** True if there is room for another dialog of the network. The last tenth is reserved for urgent calls. */
  hasRoom(isUrgent: boolean): boolean
  /** Dialogs without those whose BYE waits for its response (RFC 3261 §15.1.1). */
  readonly live: number
}

/** A bound on memory, for callers who never end a call. */
export const dialogCapacity = 100_000
const reservedShare = 0.1

export function createDialogs(max: number): Dialogs {
  const ordinary = Math.ceil(max * (1 - reservedShare))
  const byKey = new Map<string, Dialog>()
  const byId = new Map<string, Dialog>()
  const { feed } = createRunner<DialogState, DialogInput, DialogAction, never, Dialog>({ table: dialogTable, actions: { remove } })

  function remove(dialog: Dialog): void {
    const key = keyOf(dialog.callId, dialog.localTag, dialog.remoteTag)
    if (byKey.get(key) === dialog) byKey.delete(key)
    if (byId.get(dialog.id) === dialog) byId.delete(dialog.id)
    dialog.expiry?.cancel()
    dialog.description = null
  }

  return {
    add(dialog) {
      if (dialog.state === 'terminated') return
      byKey.set(keyOf(dialog.callId, dialog.localTag, dialog.remoteTag), dialog)
      byId.set(dialog.id, dialog)
    },
    confirm: (dialog) => feed(dialog, '2xx'),
    startBye: (dialog) => feed(dialog, 'bye sent'),
    end: (dialog) => feed(dialog, 'end'),
    of: (request) => byKey.get(keyOf(request.callId, request.to.tag, request.from.tag)),
    has: (dialog) => byKey.get(keyOf(dialog.callId, dialog.localTag, dialog.remoteTag)) === dialog,
    byTags: (callId, localTag, remoteTag) => byKey.get(keyOf(callId, localTag, remoteTag)),
    byId: (id) => byId.get(id),
    ofApplication: (application) => [...byKey.values()].filter((dialog) => dialog.application === application),
    connectionsInCall: () =>
      new Set(Array.from(byKey.values(), ({ creator, flow }) => (creator === 'INVITE' ? (flow?.connection ?? null) : null))),
    hasRoom: (isUrgent) => byKey.size < (isUrgent ? max : ordinary),
    get live() {
      let count = 0
      for (const { state } of byKey.values()) if (state !== 'terminating') count += 1
      return count
    },
  }
}

function keyOf(callId: string, localTag: string, remoteTag: string): string {
  return `${callId}\n${localTag}\n${remoteTag}`
}
