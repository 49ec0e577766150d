import { dialled } from '../../sip/dialled.js'
import { type Call, refuse } from '../call.js'
import type { Termination } from '../failure.js'
import { anonymous } from '../identity/party.js'
import type { CallNeeds } from '../needs.js'
import { shownDigits } from '../routing/shown-digits.js'
import type { CallRecord, Participants } from './call-records.js'

/** Counts the call, and the phone that makes it, as long as it lives; what it came to is one line in the log and one record. */
export async function recorded(call: Call, needs: CallNeeds, run: () => Promise<Termination> | Termination): Promise<void> {
  const { metrics, activity, open } = needs
  const { caller, kind } = call
  const over = caller.kind === 'device' ? activity.began({ device: caller.device.id, kind, hangUp: call.control.hangUp }) : null
  open.add(call)
  metrics.callsActive.inc()
  let termination: Termination = { result: 'server', reason: 'fault' }
  try {
    termination = await run()
  } catch (fault) {
    call.log.error({ event: 'call.fault', err: fault }, 'the call failed')
    termination = refuse(call, { reason: 'fault' })
  } finally {
    over?.()
    open.delete(call)
    metrics.callsActive.dec()
    metrics.callsTotal.inc({ result: termination.result })
    keep(call, termination, needs)
  }
}

function keep(call: Call, termination: Termination, needs: CallNeeds): void {
  const record = recordOf(call, termination, needs)
  call.log.info(
    { event: 'call.ended', ...termination, ringSeconds: record.ringSeconds, talkSeconds: record.talkSeconds },
    `ended: ${termination.reason}`,
  )
  // The node that handed the call over keeps its record.
  if (call.caller.kind !== 'node') needs.records.keep(record, participantsOf(call))
}

function recordOf(call: Call, termination: Termination, needs: CallNeeds): CallRecord {
  const { id, caller, party, course } = call
  const now = needs.clock.now()
  const answered = course.answered ?? now
  return {
    call: id,
    began: new Date(course.began + needs.networkClock.aheadMs).toISOString(),
    source: caller.kind,
    caller: party.number,
    callerName: party.name,
    dialled: dialledIn(call, needs),
    device: caller.kind === 'device' ? caller.device.id : '',
    reached: course.reached,
    ringSeconds: Math.round((answered - course.began) / 1_000),
    talkSeconds: Math.round((now - answered) / 1_000),
    ...termination,
  }
}

function dialledIn({ kind, caller, invite }: Call, needs: CallNeeds): string {
  const digits = dialled(invite.uri)
  if (caller.kind !== 'device' || kind === 'emergency') return digits || invite.uri
  return shownDigits(digits, needs) ?? 'unknown'
}

/** The call log of a user who was called shows no caller who wanted to stay unknown. */
const unknownCaller = { caller: anonymous.number, callerName: '', device: '' } as const

function participantsOf({ caller, party, course }: Call): Participants {
  const seen = party.isPrivate ? unknownCaller : {}
  const called = Array.from(course.called, ([extension, at]) => ({ extension, side: 'in' as const, at, seen }))
  if (caller.kind !== 'device' || !caller.user) return called
  return [{ extension: caller.user.extension, side: 'out', at: [caller.device.id] }, ...called]
}
