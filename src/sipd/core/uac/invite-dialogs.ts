import { atStart, type MachineState } from '../../../base/machine.js'
import type { SipRequest, SipResponse } from '../../../sip/message/message.js'
import type { Flow, TransactionLayer } from '../../transaction/transaction-layer.js'
import type { Application } from '../application.js'
import { type Dialog, refreshTarget, setRoutes } from '../dialogs/dialog.js'
import type { Dialogs } from '../dialogs/dialogs.js'
import { flowOfResponse } from '../dialogs/flow-choice.js'
import { dialogOfResponse, routesOf } from '../dialogs/new-uac-dialog.js'
import { contactOfDialog } from '../dialogs/remote-target.js'
import type { SentRequest } from './hop-failover.js'
import type { ClientInviteState } from './invite-table.js'

/** An INVITE that an application sent. */
export interface ClientInvite extends MachineState<ClientInviteState> {
  readonly sent: SentRequest
  readonly application: Application
  readonly request: SipRequest
  /** The dialog of a re-INVITE; null for an INVITE that creates dialogs. */
  readonly dialog: Dialog | null
  /** It was sent over a phone's flow: so are the requests in its dialogs, whatever their Contact (RFC 5626 §5.3). */
  readonly overFlow: boolean
  /** By the tags of the far ends that responded. */
  readonly forks: Map<string, Fork>
  /** The dialog of the 2xx. */
  winner: Dialog | null
  /** Reason of the CANCEL. */
  cancelReason: string | null
}

export interface Fork {
  readonly dialog: Dialog
  /** RSeq of the last reliable provisional response. */
  rseq: number
  /** Its 2xx came too late: it got ACK and BYE. */
  isEnded: boolean
}

export type ClientInviteParts = Pick<ClientInvite, 'sent' | 'application' | 'request' | 'dialog' | 'overFlow'>

export function newClientInvite({ sent, application, request, dialog, overFlow }: ClientInviteParts): ClientInvite {
  return {
    sent,
    application,
    request,
    dialog,
    overFlow,
    ...atStart<ClientInviteState>('calling'),
    forks: new Map(),
    winner: null,
    cancelReason: null,
  }
}

/** The dialogs that responses to the applications' INVITEs create and confirm (RFC 3261 §12.1.2, §13.2.2.4). */
export interface InviteDialogs {
  /** The fork of a response; a new one gets its dialog. */
  forkOf(invite: ClientInvite, response: SipResponse, flow: Flow): Fork
  /** The 2xx confirms the dialog, or refreshes that of a re-INVITE. */
  confirm(invite: ClientInvite, dialog: Dialog, response: SipResponse, flow: Flow): void
  /** Ends the early dialogs of all forks but one. */
  endOthers(invite: ClientInvite, kept: Dialog | null): void
  /** The INVITE whose 2xx the application acknowledges in this dialog. */
  inviteOf(dialog: Dialog): ClientInvite | undefined
}

export interface InviteDialogsNeeds {
  readonly layer: Pick<TransactionLayer, 'isUnknownSource'>
  readonly dialogs: Dialogs
}

export function createInviteDialogs({ layer, dialogs }: InviteDialogsNeeds): InviteDialogs {
  const byDialog = new WeakMap<Dialog, ClientInvite>()

  function create(invite: ClientInvite, response: SipResponse, flow: Flow): Fork {
    const { application, request, overFlow } = invite
    const isPinned = layer.isUnknownSource(flow)
    const dialog = dialogOfResponse(request, response, { application, flow, followsFlow: overFlow, isPinned })
    dialog.inviting.us = true
    const fork = { dialog, rseq: 0, isEnded: false }
    invite.forks.set(response.to.tag, fork)
    if (!invite.winner && !isRejected(invite)) {
      dialogs.add(dialog)
      byDialog.set(dialog, invite)
    }
    return fork
  }

  function endOthers({ forks }: ClientInvite, kept: Dialog | null): void {
    for (const { dialog } of forks.values()) if (dialog !== kept) dialogs.end(dialog)
  }

  return {
    forkOf(invite, response, flow) {
      const known = invite.forks.get(response.to.tag)
      if (!known) return create(invite, response, flow)
      refresh(invite, known.dialog, response, flow)
      return known
    },
    confirm(invite, dialog, response, flow) {
      invite.winner = dialog
      dialog.inviting.us = false
      refresh(invite, dialog, response, flow)
      byDialog.set(dialog, invite)
      // The dialog of a re-INVITE may have ended meanwhile: it is not added again.
      if (invite.dialog) return
      endOthers(invite, dialog)
      dialogs.confirm(dialog)
      const routes = routesOf(invite.request, response)
      if (routes.join() !== dialog.routeSet.join()) setRoutes(dialog, routes)
      // From now on the id that the forks share means this dialog.
      dialogs.add(dialog)
    },
    endOthers,
    inviteOf: (dialog) => byDialog.get(dialog),
  }
}

/** The INVITE has had its final response, and it was not a 2xx. */
export function isRejected({ state, winner, dialog }: ClientInvite): boolean {
  return state === 'terminated' && !winner && !dialog
}

function refresh({ request, overFlow, dialog: ofReInvite }: ClientInvite, dialog: Dialog, response: SipResponse, flow: Flow): void {
  const called = { uri: request.uri, overFlow: ofReInvite?.followsFlow ?? overFlow }
  refreshTarget(dialog, contactOfDialog(response), { arrivedOn: flow, flow: flowOfResponse(response, called, flow) })
}
