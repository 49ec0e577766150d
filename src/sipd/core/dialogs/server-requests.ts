import type { Clock } from '../../../base/clock.js'
import type { SipRequest } from '../../../sip/message/message.js'
import type { SentAck, TransactionLayer } from '../../transaction/transaction-layer.js'
import { newWireId } from '../../wire-id.js'
import type { CallRecords, StopReason } from '../application.js'
import { composeInDialog } from '../compose.js'
import { bareRequest, type RequestDraft } from '../draft.js'
import { passageFrom } from '../passage.js'
import type { RequestSender } from '../uac/request-sender.js'
import { type Dialog, descriptionIn } from './dialog.js'
import type { DialogLocator, Hops } from './dialog-locator.js'
import type { Dialogs } from './dialogs.js'

/** The application's command to acknowledge a 2xx; null for an ACK that the server sends by itself. */
export type AckCommand = { readonly command: string; readonly draft: RequestDraft } | null

/** Why the server ends a dialog by itself. */
export interface Ending {
  readonly text: string
  readonly record: StopReason
}

/** The ACK and BYE that the server sends in dialogs. */
export interface ServerRequests {
  /** Ends the dialog at once, sends BYE and reports it to the application. */
  end(dialog: Dialog, ending: Ending): void
  /** Ends a fork that the application has not heard of. */
  endSilently(dialog: Dialog, text: string): void
  acknowledge(dialog: Dialog, invite: SipRequest, ack: AckCommand): void
  /** Repeats the last ACK, for a repeated 2xx (RFC 3261 §13.2.2.4). */
  repeatAck(dialog: Dialog): void
}

export interface ServerRequestsNeeds {
  readonly clock: Clock
  readonly layer: Pick<TransactionLayer, 'sendAck' | 'repeatAck'>
  readonly sender: RequestSender
  readonly locator: DialogLocator
  readonly dialogs: Pick<Dialogs, 'end'>
  readonly records: CallRecords
}

/** RFC 3261 §22.1, §13.2.2.4: an ACK carries the credentials of its INVITE. */
const credentials = ['Authorization', 'Proxy-Authorization'] as const

export function createServerRequests({ clock, layer, sender, locator, dialogs, records }: ServerRequestsNeeds): ServerRequests {
  const lastAcks = new WeakMap<Dialog, SentAck>()

  function sendAck(dialog: Dialog, invite: SipRequest, { ack, hops }: { ack: AckCommand; hops: Hops }): void {
    const composed = composeInDialog(ack?.draft ?? bareRequest('ACK'), dialog, hops[0], invite.cseq.number)
    if ('refusal' in composed) {
      refuse(dialog, ack, composed.refusal)
      return
    }
    const { message } = composed
    // The answer to an offer in a 2xx (RFC 3261 §13.2.1).
    if (ack) dialog.description = descriptionIn(message) ?? dialog.description
    for (const name of credentials) for (const value of invite.all(name)) if (!message.has(name)) message.append(name, value)
    const sent = layer.sendAck(message, hops[0])
    if (!sent) {
      refuse(dialog, ack, 'transport for ACK has been shutdown or closed')
      return
    }
    lastAcks.set(dialog, sent)
    if (!ack) return
    dialog.application.requestSent(ack.command, newWireId(), passageFrom(sent.flow, sent.bytes.length, clock.now()), sent.bytes)
  }

  function sendBye(dialog: Dialog, text: string, sent: Parameters<RequestSender['send']>[2]['sent']): void {
    dialogs.end(dialog)
    const found = (hops: Hops): void => {
      dialog.localSeq += 1
      const draft = { ...bareRequest('BYE'), fields: [{ name: 'Reason', value: `SIP;cause=200;text="${text}"` }] }
      const composed = composeInDialog(draft, dialog, hops[0], dialog.localSeq)
      if ('message' in composed) sender.send(composed.message, hops, { sent, received: () => undefined })
    }
    locator.locate(dialog, '', { found, failed: () => undefined })
  }

  return {
    end(dialog, { text, record }) {
      sendBye(dialog, text, (passage, bytes) => {
        records.stop('application', record, bytes)
        dialog.application.unsolicited(dialog.id, passage, bytes)
      })
    },
    endSilently: (dialog, text) => sendBye(dialog, text, () => undefined),
    acknowledge(dialog, invite, ack) {
      locator.locate(dialog, '', {
        found: (hops) => sendAck(dialog, invite, { ack, hops }),
        failed: (reason) => refuse(dialog, ack, reason),
      })
    },
    repeatAck(dialog) {
      const last = lastAcks.get(dialog)
      if (last) layer.repeatAck(last)
    },
  }
}

function refuse({ application }: Dialog, ack: AckCommand, reason: string): void {
  if (ack) application.refused(ack.command, reason)
}
