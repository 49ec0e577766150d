import type { Extension } from '../../base/identity.js'
import { anonymous } from '../../sip/identity/party.js'
import type { Call } from '../call.js'
import type { Dialler } from '../routing/contract.js'
import type { CallRecord, Participants } from './call-records.js'

/** An anonymous caller does not appear in the call log of the user who was called. */
const unknownCaller = { caller: anonymous.number, callerName: '', device: '' } as const

/** The users of a call, each with their own part of it: only those who have talked see how long. */
export function participantsOf(call: Pick<Call, 'caller' | 'party' | 'progress' | 'transfer'>): Participants {
  const { caller, party, progress, transfer } = call
  const seen = party.isPrivate ? unknownCaller : {}
  const called = Array.from(progress.called, ([extension, at]) => {
    const side = 'in' as const
    return { extension, side, at, seen: { ...seen, ...partOf(extension, progress) } }
  })
  const own = caller.kind === 'device' ? outgoing(caller) : []
  // The transferor has left, and the others talk.
  const left = progress.answered === null ? {} : { talkSeconds: 0, reason: 'transferred' }
  return [...own, ...(transfer ? outgoing(transfer.by) : []).map((one) => ({ ...one, seen: { ...seen, ...left } })), ...called]
}

function outgoing({ device, user }: Dialler): Participants {
  return user ? [{ extension: user.extension, side: 'out', at: [device.id] }] : []
}

/** Of a user who was called: how the call has left them. Nothing if they were the last. */
function partOf(extension: Extension, { reached, pickUp, forwarded }: Call['progress']): Partial<CallRecord> {
  if (reached === '' || reached === `user ${extension}`) return {}
  const to = forwarded.get(extension)
  if (to !== undefined) return { talkSeconds: 0, reason: `forwarded to ${to}` }
  return { talkSeconds: 0, ...(pickUp === null ? {} : { reason: `picked up by ${pickUp.by}` }) }
}
