import type { SipDialog } from '../../srf/srf.js'

/** The dialog, whose next ACK has arrived already: it brings the answer to the first listener. */
export function withAnswer(dialog: SipDialog, answer: string): SipDialog {
  let waiting: string | null = answer
  return {
    ...dialog,
    get description() {
      return dialog.description
    },
    get ended() {
      return dialog.ended
    },
    onAck(listener) {
      dialog.onAck(listener)
      if (waiting !== null) void listener(waiting)
      waiting = null
    },
  }
}
