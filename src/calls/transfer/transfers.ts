import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import type { Registrar } from '../../registrar/registrar.js'
import type { IncomingRefer, IncomingRequest } from '../../srf/srf.js'
import type { Connect } from '../bridge/connect.js'
import { type Conversations, dialogOf, type End, otherEnd } from '../bridge/conversations.js'
import { joinLeg } from '../bridge/joined-leg.js'
import { type Call, reject } from '../call.js'
import type { Dial } from '../dial/dial.js'
import type { Termination } from '../failure.js'
import { connectedIdentity } from '../identity/connected-identity.js'
import type { DeviceCaller } from '../inbound/caller.js'
import type { Limits } from '../limits/limits.js'
import type { RecordCall } from '../records/record-call.js'
import type { Knowledge } from '../routing/contract.js'
import { createDepartures } from './departures.js'
import { joinInvite } from './joined-invite.js'
import { targetOf } from './outside-refer.js'
import type { Participant } from './participant.js'
import { acceptOutsideRefer, createDialogSubscriptions, type ReferSubscription } from './refer-subscription.js'
import { judgeRefer, type Referral, type ReferralTarget, type Refusal } from './referral.js'
import { newTransferredCall } from './transferred-call.js'

export interface TransfersNeeds {
  /** The knowledge for a call that begins now. */
  readonly knowledge: () => Knowledge
  readonly registrar: Pick<Registrar, 'isCalled' | 'followCaller' | 'provesInDialog'>
  readonly conversations: Pick<Conversations, 'named' | 'ringing'>
  readonly record: RecordCall
  readonly dial: Dial
  readonly connect: Connect
  readonly limits: Pick<Limits, 'report' | 'counted'>
  readonly domain: string
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Transfers by REFER (RFC 5589). The phone's dialogs are with us, so we do what its REFER asks: the other side is not asked to call, but gets
 * the new session by re-INVITE. If the transfer fails, the call that was to be transferred goes on.
 */
export interface Transfers {
  /** Handles a REFER in a call that is up, and a SUBSCRIBE to what it reports. */
  onRefer(request: IncomingRequest, by: End): void
  /** Handles a REFER outside a dialog, of a phone that has proved itself. */
  onReferOutside(refer: IncomingRefer, by: DeviceCaller): void
  close(): void
}

export function createTransfers(needs: TransfersNeeds): Transfers {
  const { record, dial, connect, limits, registrar, domain, clock } = needs
  const departures = createDepartures(clock)
  const subscriptions = createDialogSubscriptions()

  function accept(subscription: ReferSubscription, referral: Referral, knowledge: Knowledge): void {
    const { by, dialler, from, to } = referral
    const { conversation } = by
    const dialog = dialogOf(by)
    const { bridge } = conversation
    const kept = otherEnd(by)

    function failed(status: number, reason: string): void {
      report(referral, status, 'the transfer has failed; the call goes on')
      void subscription.finish(status, reason)
      bridge.release()
    }

    function joined(): void {
      report(referral, 200, 'the call is transferred')
      const reported = subscription.finish(200, 'OK')
      bridge.part()
      void reported.then(() => departures.leave(dialog))
    }

    const { invite, cancel } = joinInvite({
      dialog: dialogOf(kept),
      uri: to.uri,
      headers: () => (from.caller.kind === 'trunk' ? {} : connectedIdentity(call.progress.callee?.party, domain)),
      clock,
      onResponse: (status, reason) => (status < 200 ? subscription.progress(status, reason) : failed(status, reason)),
      onJoined: joined,
    })
    const transfer = { of: conversation.call.id, by: dialler, whom: from.callee }
    const call =
      to.kind === 'ringing' ? to.call : newTransferredCall({ before: conversation.call, from, invite, by: dialler, knowledge }, needs)
    bridge.keep(kept.side)
    // The other side has hung up, or the call is ended.
    bridge.onEnd(() => {
      cancel()
      // A REFER outside the dialog has a subscription that outlives the call.
      void subscription.finish(487, 'Request Terminated')
    })
    if (to.kind === 'ringing') {
      call.takeOver({ invite, caller: from.caller, party: from.party, transfer })
      if (call.progress.ringing !== null) subscription.progress(180, 'Ringing')
      void countedOn(call, from, () => call.ended)
      return
    }
    const run = async (): Promise<Termination> =>
      to.kind === 'new' ? dial(call, to.decision) : keepingOther(to, () => takeOver(call, to, referral))
    void record(call, () => countedOn(call, from, run))
  }

  /** A call outside that goes on after a transfer still counts. */
  function countedOn(call: Call, { callee: { outside } }: Participant, run: () => Promise<Termination>): Promise<Termination> {
    return outside ? limits.counted(call, outside, run) : run()
  }

  /** Many phones hang up both calls as soon as their REFER is accepted. */
  function keepingOther({ end }: OtherCall, run: () => Promise<Termination>): Promise<Termination> {
    const { bridge } = end.conversation
    bridge.keep(otherEnd(end).side)
    return run().finally(bridge.release)
  }

  /** RFC 5589 §7: the other call of the phone ends for it, and its other side joins this one. */
  async function takeOver(call: Call, { end, participant }: OtherCall, { from }: Referral): Promise<Termination> {
    const { progress } = end.conversation.call
    call.progress.reached = end.side === 'caller' ? progress.reached : `call ${end.conversation.call.id}`
    call.progress.callee = participant.callee
    const leg = await joinLeg({
      dialog: dialogOf(otherEnd(end)),
      headers: participant.caller.kind === 'trunk' ? {} : connectedIdentity(from.party, domain),
      clock,
      onJoined() {
        end.conversation.bridge.part()
        departures.leave(dialogOf(end))
      },
    })
    if (leg.outcome === 'failed') return reject(call, { reason: 'upstream', response: leg.reply })
    return countedOn(call, participant, async () => {
      const connected = await connect(call, participant.branch, leg)
      return connected.outcome === 'ended' ? connected.termination : reject(call, connected.failure)
    })
  }

  function handle(request: IncomingRequest, by: End, subscribe: () => ReferSubscription): void {
    const knowledge = needs.knowledge()
    const { call } = by.conversation
    const judged = judgeRefer(request, by, {
      ...needs,
      knowledge,
      report: (decision, dialler) => limits.report({ ...call, transfer: { of: call.id, by: dialler } }, decision),
    })
    if (!('status' in judged)) {
      accept(subscribe(), judged, knowledge)
      return
    }
    call.log.info({ event: 'call.transferred', status: judged.status }, `the transfer is refused: ${judged.status}`)
    refuse(request, judged)
  }

  function acceptOutside(refer: IncomingRefer, { id: device }: DeviceCaller['device']): ReferSubscription {
    const proves = (request: IncomingRequest): boolean => registrar.provesInDialog(request, { device, began: refer.source })
    return acceptOutsideRefer(refer, registrar.followCaller(device, refer), proves)
  }

  return {
    onRefer(request, by) {
      if (request.method === 'SUBSCRIBE') subscriptions.onSubscribe(request, dialogOf(by))
      else handle(request, by, () => subscriptions.accept(request, dialogOf(by)))
    },
    onReferOutside(refer, by) {
      const target = targetOf(refer, by, { ...needs, directory: needs.knowledge().directory })
      if ('status' in target) refuse(refer, target)
      else handle(refer, target, () => acceptOutside(refer, by.device))
    },
    close: departures.close,
  }
}

function refuse(request: IncomingRequest, { status, reason, headers = {} }: Refusal): void {
  request.respond(status, { headers, ...(reason === undefined ? {} : { reason }) })
}

type OtherCall = Extract<ReferralTarget, { readonly kind: 'other' }>

function report({ by, dialler, from }: Referral, status: number, words: string): void {
  const line = { event: 'call.transferred', status, by: dialler.user?.extension ?? dialler.device.id, of: from.party.number }
  by.conversation.call.log.info(line, words)
}
