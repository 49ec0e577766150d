import type { SipRequest } from '../../../sip/message/message.js'
import type { Hop, SentAck } from '../../transaction/transaction-layer.js'
import { newWireId } from '../../wire-id.js'
import type { StopReason } from '../application.js'
import { composeInDialog } from '../compose.js'
import type { Core } from '../core.js'
import { bareRequest, type RequestDraft } from '../draft.js'
import { passageFrom } from '../passage.js'
import { type Dialog, descriptionIn } from './dialog.js'
import { locateInDialog } from './dialog-hops.js'

/** The application's command to acknowledge a 2xx; null for an ACK that the server sends by itself. */
export type AckOrder = { readonly command: string; readonly draft: RequestDraft } | null

/** Why the server ends a dialog by itself, and whether it reports the BYE to the application (`unsolicited`). */
export interface Ending {
  readonly text: string
  readonly record: StopReason
  readonly news: 'told' | 'silent'
}

/** The ACK and BYE that the server sends in dialogs. */
export interface ServerRequests {
  /** Sends BYE and removes the dialog at once. */
  end(dialog: Dialog, ending: Ending): void
  sendAck(dialog: Dialog, invite: SipRequest, order: AckOrder): void
  /** Repeats the last ACK, for a repeated 2xx (RFC 3261 §13.2.2.4). */
  repeatAck(dialog: Dialog): void
}

/** RFC 3261 §22.1, §13.2.2.4: an ACK carries the credentials of its INVITE. */
const credentials = ['Authorization', 'Proxy-Authorization'] as const

export function createServerRequests(core: Core): ServerRequests {
  const lastAcks = new WeakMap<Dialog, SentAck>()
  return {
    end: (dialog, ending) => end(core, dialog, ending),
    sendAck: (dialog, invite, order) => sendAck(core, dialog, { invite, order, lastAcks }),
    repeatAck(dialog) {
      const last = lastAcks.get(dialog)
      if (last) core.layer.repeatAck(last)
    },
  }
}

interface Acknowledgement {
  readonly invite: SipRequest
  readonly order: AckOrder
  readonly lastAcks: WeakMap<Dialog, SentAck>
}

function sendAck(core: Core, dialog: Dialog, { invite, order, lastAcks }: Acknowledgement): void {
  const { application } = dialog
  const failed = (reason: string): void => {
    if (order) application.refused(order.command, reason)
  }
  const found = (hops: readonly [Hop, ...Hop[]]): void => {
    const composed = composeInDialog(order?.draft ?? bareRequest('ACK'), dialog, hops[0], invite.cseq.number)
    if ('refusal' in composed) {
      failed(composed.refusal)
      return
    }
    const { message } = composed
    // The answer to an offer that came in a 2xx (RFC 3261 §13.2.1).
    if (order) dialog.description = descriptionIn(message) ?? dialog.description
    for (const name of credentials) for (const value of invite.all(name)) if (!message.has(name)) message.append(name, value)
    const sent = core.layer.sendAck(message, hops[0])
    if (!sent) {
      failed('transport for ACK has been shutdown or closed')
      return
    }
    lastAcks.set(dialog, sent)
    if (order) application.requestSent(order.command, newWireId(), passageFrom(sent.flow, sent.bytes.length, core.clock.now()), sent.bytes)
  }
  locateInDialog(core, dialog, '', { found, failed })
}

function end(core: Core, dialog: Dialog, { text, record, news }: Ending): void {
  dialog.state = 'ending'
  core.dialogs.remove(dialog)
  const found = (hops: readonly [Hop, ...Hop[]]): void => {
    dialog.localSeq += 1
    const draft = { ...bareRequest('BYE'), fields: [{ name: 'Reason', value: `SIP;cause=200;text="${text}"` }] }
    const composed = composeInDialog(draft, dialog, hops[0], dialog.localSeq)
    if ('refusal' in composed) return
    core.sender.send(composed.message, hops, {
      sent(passage, bytes) {
        if (news === 'silent') return
        core.records.stop('application', record, bytes)
        dialog.application.unsolicited(dialog.id, passage, bytes)
      },
      received: () => undefined,
    })
  }
  locateInDialog(core, dialog, '', { found, failed: () => undefined })
}
