import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Extension } from '../../base/identity.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import type { SipApplication, SipReply } from '../../srf/srf.js'
import type { Connect, Connected } from '../bridge/connect.js'
import type { DialogName } from '../bridge/conversations.js'
import type { NodeLegs } from '../bridge/node-legs.js'
import { passedReason } from '../bridge/passed-headers.js'
import { sessionDescription } from '../bridge/session-description.js'
import type { Call } from '../call.js'
import { endReasons } from '../call-control.js'
import { noteLeg } from '../call-legs.js'
import { type RefusalReason, reasonCodeHeader, reasonOf } from '../failure.js'
import { noteEarlyDialog, type RingingCalls } from '../features/ringing-calls.js'
import type { WritableUserCalls } from '../lamps/user-calls.js'
import { ourReason } from '../reason-header.js'
import { type Attempt, type AttemptResult, type Branch, type Fork, fork } from './fork.js'

type AttemptOutcome =
  | Connected
  /** The phones that rang were logged out meanwhile. */
  | { readonly outcome: 'withdrawn' }

interface ForkPlan {
  readonly branches: readonly Branch[]
  readonly ringMs: Milliseconds
  /** The attempt fails if nothing at all has responded by then. */
  readonly silenceMs: Milliseconds
  /** For the log and the record: `user 100`. */
  readonly target: string
  /** The user whose phones ring, so that a colleague may pick up the call. */
  readonly user?: Extension
}

/** The parts of a branch on which the meaning of a refusal depends. */
export type Target = Pick<Branch, 'device' | 'node'>

export interface Attempts {
  /** Rings all branches and connects the first to answer. Resolves when the call has ended. */
  fork(call: Call, plan: ForkPlan): Promise<AttemptOutcome>
  /** Waits for an attempt to succeed, or for the caller to give up, and connects. Resolves when the call has ended. */
  complete(call: Call, attempt: Attempt, targets: readonly Target[]): Promise<AttemptOutcome>
  /** Relays ringing and early media to the caller; from several branches only ringing, because their media cannot be mixed. */
  provisionalRelay(call: Call, branches: number): (response: SipReply) => void
}

export interface AttemptNeeds {
  readonly srf: SipApplication
  readonly clock: Clock
  readonly hotdesk: Pick<Hotdesk, 'onChange'>
  readonly nodeLegs: Pick<NodeLegs, 'watchSetUp'>
  readonly connect: Connect
  readonly ringingCalls: Pick<RingingCalls, 'begin'>
  readonly userCalls: Pick<WritableUserCalls, 'ring'>
  /** How long after a refusal by one of a user's contacts the silent ones may still begin to ring. */
  readonly busyGraceMs: () => Milliseconds
}

export function createAttempts({ srf, clock, hotdesk, nodeLegs, connect, ringingCalls, userCalls, busyGraceMs }: AttemptNeeds): Attempts {
  /** Stops ringing phones whose user has left, and nodes that have died. */
  function watch(branches: readonly Branch[], ringing: Fork): void {
    const devices = new Set(branches.flatMap((branch) => branch.device ?? []))
    const stops = [
      hotdesk.onChange(({ device, before }) => {
        if (before !== null && devices.has(device)) ringing.withdraw(device)
      }),
      ...branches.flatMap((branch) => (branch.node ? [nodeLegs.watchSetUp(branch.node, () => ringing.fail(branch))] : [])),
    ]
    void ringing.result.then(() => {
      for (const stop of stops) stop()
    })
  }

  function provisionalRelay({ invite, progress }: Call, branches: number): (response: SipReply) => void {
    // RFC 3262 §3: a caller that requires 100rel gets its provisional responses reliably.
    const headers = /\b100rel\b/i.test(invite.header('Require')) ? { Require: '100rel' } : {}
    return (response) => {
      if (response.status <= 100 || invite.cancelled || invite.responded) return
      progress.ringing ??= clock.now()
      const body = branches === 1 ? sessionDescription(response) : ''
      invite.respond(body === '' ? 180 : response.status, { headers, ...(body === '' ? {} : { body }) })
    }
  }

  async function complete(call: Call, attempt: Attempt, targets: readonly Target[]): Promise<AttemptOutcome> {
    const { invite, caller, control } = call
    invite.onCancel((reason) => attempt.cancel(passedReason(reason, caller)))
    control.endBy((text) => attempt.cancel(ourReason(text)))
    // Nothing rings for a node that has died.
    const stop = caller.kind === 'node' ? nodeLegs.watchSetUp(caller.node, () => attempt.cancel('')) : null
    const result = await attempt.result
    stop?.()
    return result.outcome === 'accepted' ? connect(call, result.branch, result.leg) : missed(call, result, targets)
  }

  return {
    fork(call, { branches, ringMs, silenceMs, target, user }) {
      const dialogs: DialogName[] = []
      const relay = provisionalRelay(call, branches.length)
      let rings: (() => void) | null = null
      const ringing = fork({
        srf,
        clock,
        branches,
        sdp: call.offer || null,
        ringMs,
        silenceMs,
        noProgressMs: ringMs,
        graceMs: busyGraceMs(),
        onProvisional(response, branch) {
          noteEarlyDialog(dialogs, response)
          // Another node shows the lamp of its own phones.
          if (user !== undefined && branch.device !== null && response.status > 100) rings ??= userCalls.ring(call, user)
          relay(response)
        },
      })
      ringing.onSent((branch, callId) => noteLeg(call, branch, callId))
      call.progress.reached = target
      call.log.info({ event: 'call.routed', to: target, branches: branches.length }, `to ${target}`)
      watch(branches, ringing)
      const ended = complete(call, ringing, branches)
      if (user !== undefined) {
        // A fault is reported by the call itself.
        const over = ended.then(
          (outcome) => (outcome.outcome === 'ended' ? outcome.termination : null),
          () => null,
        )
        // Between its answer and the start of the talk the call still shows as ringing, so that no lamp goes out in between.
        void over.then(() => rings?.())
        void ringing.result.then(ringingCalls.begin(user, { call, take: ringing.take, dialogs, ended: over }))
      }
      return ended
    },
    complete,
    provisionalRelay,
  }
}

type Miss = Exclude<AttemptResult, { outcome: 'accepted' }>

function missed({ invite, control }: Call, result: Miss, targets: readonly Target[]): AttemptOutcome {
  switch (result.outcome) {
    case 'withdrawn':
      return { outcome: 'withdrawn' }
    case 'no-answer':
      return { outcome: 'missed', failure: { reason: 'no-answer' } }
    case 'cancelled': {
      const reason = invite.cancelled || control.endReason === null ? 'cancelled' : endReasons[control.endReason].refusal
      return { outcome: 'missed', failure: { reason } }
    }
    case 'failed': {
      const reason = result.reason ?? reasonFor(result.response, targets)
      return { outcome: 'missed', failure: { reason, response: result.response } }
    }
  }
}

/**
 * Without a reason, these come from a phone that has left its Contact (410), no longer has the account that it registered (404, 604), that has
 * failed (500, 502, 504) or whose connection is gone (503), or from a node that has died or is stopping. The number was right, so the caller
 * does not hear 404, and the node has not failed, so the caller does not try another one.
 */
const goneStatuses: ReadonlySet<number> = new Set([404, 410, 500, 502, 503, 504, 604])

/** RFC 3261 §21.4.18. Many phones send it when they have rung for as long as they are set to, or for their own do-not-disturb. */
const unavailable = 480

/** The meaning of the response that was chosen from those of all branches. */
export function reasonFor(response: SipReply, targets: readonly Target[]): RefusalReason {
  // Only another node gives a reason of its own.
  const given = targets.some(({ node }) => node !== undefined) ? response.header(reasonCodeHeader) : ''
  const reason = reasonOf({ ...response, header: (name) => (name === reasonCodeHeader ? given : '') })
  const isInside = targets.every(({ device, node }) => device !== null || node !== undefined)
  if (reason === 'redirected' && !isInside) return 'upstream'
  if (given !== '' || !isInside) return reason
  // The SIP server of a node whose hotdesk has ended sends 480 as well.
  if (response.status === unavailable) return targets.every(({ node }) => node !== undefined) ? 'not-reachable' : 'no-answer'
  return goneStatuses.has(response.status) ? 'not-reachable' : reason
}
