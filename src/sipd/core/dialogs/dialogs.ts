import type { SipRequest } from '../../../sip/message/message.js'
import type { Application } from '../application.js'
import type { Dialog } from './dialog.js'

/** All dialogs, found by what the network shows and by what applications call them. */
export interface DialogTable {
  /** Of several forks the one added last is the one that applications mean by the id. */
  add(dialog: Dialog): void
  remove(dialog: Dialog): void
  /** The dialog of a request that came in (RFC 3261 §12.2.2). */
  of(request: SipRequest): Dialog | undefined
  /** False for one that is over. */
  has(dialog: Dialog): boolean
  byTags(callId: string, localTag: string, remoteTag: string): Dialog | undefined
  byId(id: string): Dialog | undefined
  ofApplication(application: Application): readonly Dialog[]
  /** For one more from outside. The last tenth is kept for calls that are urgent. */
  hasRoom(isUrgent: boolean): boolean
  /** Those that have not ended: one whose BYE waits for its answer is over (RFC 3261 §15.1.1). */
  readonly standing: number
}

/** What memory has room for: a caller who never ends a call must not fill it. */
export const dialogCapacity = 100_000
const reservedShare = 0.1

export function createDialogTable(most: number): DialogTable {
  const ordinary = Math.ceil(most * (1 - reservedShare))
  const byKey = new Map<string, Dialog>()
  const byId = new Map<string, Dialog>()
  const keyOf = (callId: string, localTag: string, remoteTag: string): string => `${callId}\n${localTag}\n${remoteTag}`

  return {
    add(dialog) {
      byKey.set(keyOf(dialog.callId, dialog.localTag, dialog.remoteTag), dialog)
      byId.set(dialog.id, dialog)
    },
    remove(dialog) {
      const key = keyOf(dialog.callId, dialog.localTag, dialog.remoteTag)
      if (byKey.get(key) === dialog) byKey.delete(key)
      if (byId.get(dialog.id) === dialog) byId.delete(dialog.id)
      dialog.expiry?.cancel()
      dialog.description = null
    },
    of: (request) => byKey.get(keyOf(request.callId, request.to.tag, request.from.tag)),
    has: (dialog) => byKey.get(keyOf(dialog.callId, dialog.localTag, dialog.remoteTag)) === dialog,
    byTags: (callId, localTag, remoteTag) => byKey.get(keyOf(callId, localTag, remoteTag)),
    byId: (id) => byId.get(id),
    ofApplication: (application) => [...byKey.values()].filter((dialog) => dialog.application === application),
    hasRoom: (isUrgent) => byKey.size < (isUrgent ? most : ordinary),
    get standing() {
      let count = 0
      for (const { state } of byKey.values()) if (state !== 'ending') count += 1
      return count
    },
  }
}
