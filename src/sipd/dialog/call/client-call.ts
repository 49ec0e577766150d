import type { Alarm } from '../../../base/clock.js'
import type { SipRequest, SipResponse } from '../../../sip/message.js'
import type { Flow } from '../../transaction/transaction-layer.js'
import type { Application } from '../application.js'
import type { Core, Origin } from '../core.js'
import { type Dialog, newDialog, refreshTarget, setRoutes } from '../dialog.js'
import type { RequestDraft } from '../draft.js'
import { wayOfResponse } from '../way.js'
import { createCallMachine } from './call-table.js'
import { type ClientCallAction, type ClientCallInput, type ClientCallState, clientCallTable } from './client-call-table.js'

/** An INVITE that rings for longer is cancelled (RFC 3261 §16.6, Timer C). */
const longestRingingMs = 185_000

/** One INVITE that an application sent. */
export interface ClientCall {
  readonly application: Application
  readonly state: ClientCallState
  heard(response: SipResponse, origin: Origin): void
  /** The application's ACK of the 2xx; false where there is none to acknowledge. */
  acknowledge(command: string, draft: RequestDraft): boolean
  feed(input: ClientCallInput): boolean
}

export interface ClientCallNeeds {
  readonly core: Core
  readonly application: Application
  readonly request: SipRequest
  /** The dialog of a re-INVITE; null for one that makes dialogs. */
  readonly dialog: Dialog | null
  readonly pass: (response: SipResponse, origin: Origin) => void
  readonly sendCancel: () => void
  /** The ACK of a 2xx, from the application's draft or, without one, of our own. */
  readonly sendAck: (dialog: Dialog, invite: SipRequest, by: { command: string; draft: RequestDraft } | null) => void
  readonly repeatAck: (dialog: Dialog) => void
  readonly sendBye: (dialog: Dialog, reason: string, news: 'told' | 'silent') => void
  /** It is in this dialog that the application may acknowledge. */
  readonly inDialog: (dialog: Dialog, call: ClientCall) => void
  readonly forget: () => void
}

export function createClientCall(needs: ClientCallNeeds): ClientCall {
  const { core, application, request } = needs
  const machine = createCallMachine(clientCallTable, 'calling')
  const forks = new Map<string, Dialog>()
  const rseqs = new Map<string, number>()
  /** The dialog of the 2xx. */
  let winner: Dialog | null = null
  let latest: { readonly response: SipResponse; readonly origin: Origin } | null = null
  let ack: { command: string; draft: RequestDraft } | null = null
  let ringing: Alarm | null = null

  const actions: Readonly<Record<ClientCallAction, () => void>> = {
    'pass response': () => {
      if (latest) needs.pass(latest.response, latest.origin)
    },
    'wait while it rings': () => {
      ringing?.cancel()
      ringing = core.clock.after(longestRingingMs, () => machine.feed('rings too long'))
    },
    'stop waiting': () => ringing?.cancel(),
    'send cancel': () => needs.sendCancel(),
    'send ack': () => {
      if (winner) needs.sendAck(winner, request, ack)
    },
    'repeat ack': () => {
      if (winner) needs.repeatAck(winner)
    },
    'send bye': () => {
      if (winner) needs.sendBye(winner, 'ACK-BYE due to cancel race condition', 'told')
    },
    forget: () => needs.forget(),
  }
  machine.perform = (action) => actions[action]()

  const call: ClientCall = {
    application,
    get state() {
      return machine.state
    },
    heard(response, origin) {
      const { status } = response
      if (status === 100) return
      latest = { response, origin }
      if (status >= 300) {
        leaveOthers(null)
        if (needs.dialog) needs.dialog.inviting.us = false
        machine.feed('300-699')
      } else if (status >= 200) heardSuccess(response, origin)
      else if (heardProvisional(response, origin)) machine.feed('1xx')
    },
    acknowledge(command, draft) {
      ack = { command, draft }
      return machine.feed('ack')
    },
    feed: (input) => machine.feed(input),
  }

  /** False for a reliable response that came again or out of order (RFC 3262 §4). */
  function heardProvisional(response: SipResponse, origin: Origin): boolean {
    const { tag } = response.to
    const rseq = Number(response.first('RSeq') ?? '0')
    const before = rseqs.get(tag)
    if (rseq > 0 && before !== undefined && rseq !== before + 1) return false
    if (rseq > 0) rseqs.set(tag, rseq)
    if (tag !== '' && origin.flow && !needs.dialog) fork(response, origin.flow)
    return true
  }

  /** RFC 3261 §13.2.2.4: the first 2xx makes the call; every other one is acknowledged and ended. */
  function heardSuccess(response: SipResponse, origin: Origin): void {
    if (!origin.flow) return
    const dialog = needs.dialog ?? fork(response, origin.flow)
    if (winner && winner !== dialog) {
      if (dialog.state === 'ending') {
        needs.repeatAck(dialog)
        return
      }
      dialog.state = 'ending'
      needs.sendAck(dialog, request, null)
      needs.sendBye(dialog, 'another branch has answered', 'silent')
      return
    }
    if (!winner) confirm(dialog, response, origin.flow)
    machine.feed('2xx')
  }

  function confirm(dialog: Dialog, response: SipResponse, flow: Flow): void {
    winner = dialog
    leaveOthers(dialog)
    dialog.state = 'confirmed'
    dialog.inviting.us = false
    if (!needs.dialog) {
      const routes = [...response.list('Record-Route')].reverse()
      if (routes.join() !== dialog.routeSet.join()) setRoutes(dialog, routes)
    }
    refreshTarget(dialog, response.contacts[0], wayOfResponse(response, request.uri, flow))
    // Of several forks applications mean this one from now on.
    core.dialogs.add(dialog)
    needs.inDialog(dialog, call)
  }

  function fork(response: SipResponse, flow: Flow): Dialog {
    const { tag } = response.to
    const known = forks.get(tag)
    if (known) {
      refreshTarget(known, response.contacts[0], wayOfResponse(response, request.uri, flow))
      return known
    }
    const dialog = dialogOfResponse(request, response, { application, flow })
    dialog.inviting.us = true
    forks.set(tag, dialog)
    if (!winner) {
      core.dialogs.add(dialog)
      needs.inDialog(dialog, call)
    }
    return dialog
  }

  function leaveOthers(kept: Dialog | null): void {
    for (const dialog of forks.values()) if (dialog !== kept) core.dialogs.remove(dialog)
  }

  return call
}

/** RFC 3261 §12.1.2. */
export function dialogOfResponse(
  request: SipRequest,
  response: SipResponse,
  { application, flow }: { readonly application: Application; readonly flow: Flow },
): Dialog {
  return newDialog({
    callId: request.callId,
    fromTag: request.from.tag,
    localTag: request.from.tag,
    remoteTag: response.to.tag,
    local: request.first('From') ?? '',
    remote: response.first('To') ?? '',
    creator: request.method,
    application,
    localSeq: request.cseq.number,
    remoteSeq: null,
    routeSet: [...response.list('Record-Route')].reverse(),
    remoteTarget: response.contacts[0]?.uri ?? request.uri,
    flow: wayOfResponse(response, request.uri, flow),
    contact: request.first('Contact') ?? '',
  })
}
