import type { Milliseconds } from '../base/clock.js'
import { type DeviceId, parseDeviceId } from '../base/identity.js'
import type { Call, CallLeg } from './call.js'
import type { Caller } from './inbound/caller.js'
import { dialledIn } from './records/record-call.js'

/** A call in progress at this node, for operators. */
export interface CallView {
  readonly id: string
  readonly kind: Call['kind']
  readonly caller: string
  /** `unknown` for digits that may be a PIN. */
  readonly dialled: string
  /** Where leg A comes from: `HD0001`, `trunk paris-carrier`, `node london-1`, `test call`. */
  readonly from: string
  /** The latest destination: `user 100`. */
  readonly to: string
  /** The phone that has answered, or those of the user who was called last. */
  readonly phones: readonly DeviceId[]
  readonly state: 'setup' | 'ringing' | 'up'
  readonly began: Milliseconds
  /** Call-IDs of the legs. Two nodes of one call share one: leg B of the first is leg A of the second. */
  readonly legA: string
  readonly legB: string | null
  /** The phone, trunk or node that has answered. */
  readonly answeredBy: string | null
  /** Every leg B that was tried. */
  readonly legs: readonly CallLeg[]
  /** The id of the call that it continues after a transfer. */
  readonly transferOf: string | null
}

/** `emergency`: never ended by an operator. */
export type HangUpOutcome = 'ended' | 'emergency' | 'unknown'

export function listCalls(open: Iterable<Call>): readonly CallView[] {
  return Array.from(open, (call) => {
    const { id, kind, caller, party, invite, progress, transfer } = call
    return {
      id,
      kind: call.control.isEmergency ? 'emergency' : kind,
      caller: party.number,
      dialled: dialledIn(call),
      from: sourceOf(caller),
      to: targetOf(progress),
      phones: phonesOf(progress),
      state: progress.answered !== null ? 'up' : progress.ringing !== null ? 'ringing' : 'setup',
      began: progress.began,
      legA: invite.legA,
      legB: progress.legB,
      answeredBy: progress.answeredBy,
      legs: progress.legs,
      transferOf: transfer?.of ?? null,
    }
  })
}

/** Not the call that a transfer has ended, but who was in it. */
function targetOf({ reached, callee, answeredBy }: Call['progress']): string {
  if (!reached.startsWith('call ') || callee === null) return reached
  if (callee.user) return `user ${callee.user.extension}`
  return answeredBy?.startsWith('trunk ') ? answeredBy : callee.party.number
}

/** Where the latest destination was logged in when it was called, until one of its phones answers. */
function phonesOf({ reached, called, answeredBy }: Call['progress']): readonly DeviceId[] {
  const answered = answeredBy === null ? null : parseDeviceId(answeredBy)
  if (answered !== null) return [answered]
  return Array.from(called, ([extension, phones]) => (reached === `user ${extension}` ? phones : [])).flat()
}

export function sourceOf(caller: Caller): string {
  switch (caller.kind) {
    case 'device':
      return caller.device.id
    case 'trunk':
      return `trunk ${caller.trunk.name}`
    case 'node':
      return `node ${caller.node.name}`
    case 'own':
      return caller.purpose
    case 'unknown':
      return 'unknown'
  }
}

/** Ends an ordinary call, in any state. */
export function hangUpCall(id: string, open: Iterable<Call>): HangUpOutcome {
  const call = [...open].find((each) => each.id === id)
  if (!call) return 'unknown'
  if (call.control.isEmergency) return 'emergency'
  call.control.hangUp('operator')
  return 'ended'
}
