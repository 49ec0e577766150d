import { isAppError } from '../base/errors.js'
import { dialogCapabilities, type SipDialog } from '../srf/srf.js'
import { type IvrCallNeeds, openAudio } from './ivr-call.js'

/** A call that this node has answered, and that is about to be connected elsewhere. */
export interface ParkedCall {
  readonly dialog: SipDialog
  /** The phone sends its audio elsewhere now. */
  closeAudio(): void
}

export async function parkCall(needs: IvrCallNeeds): Promise<ParkedCall | null> {
  const { invite } = needs
  const opened = await openAudio(needs)
  if ('status' in opened) {
    invite.respond(opened.status, { headers: opened.headers })
    return null
  }
  try {
    const dialog = await invite.accept({ sdp: opened.localSdp, headers: dialogCapabilities })
    dialog.onEnd(opened.close)
    return { dialog, closeAudio: opened.close }
  } catch (fault) {
    opened.close()
    if (isAppError(fault, 'SIP_SEND_FAILED')) return null
    throw fault
  }
}
