import type { Milliseconds } from '../base/clock.js'
import { dialled } from '../sip/dialled.js'
import { type Call, refuse } from './call.js'
import type { Termination } from './failure.js'
import type { CallNeeds } from './needs.js'
import type { CallRecord, Participants } from './records.js'

/** Counts the call, and the phone that makes it, as long as it lives; what it came to is one line in the log and one record. */
export async function recorded(call: Call, needs: CallNeeds, run: () => Promise<Termination> | Termination): Promise<void> {
  const { metrics, activity, open, clock } = needs
  const { caller, kind } = call
  const over =
    caller.kind === 'device' ? activity.began({ device: caller.device.id, kind, hangUp: (text) => call.control.hangUp(text) }) : null
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
    keep(call, termination, clock.now(), needs)
  }
}

function keep(call: Call, termination: Termination, now: Milliseconds, { records }: CallNeeds): void {
  const record = recordOf(call, termination, now)
  call.log.info(
    { event: 'call.ended', ...termination, ringSeconds: record.ringSeconds, talkSeconds: record.talkSeconds },
    `ended: ${termination.reason}`,
  )
  // The node that handed the call over keeps its record.
  if (call.caller.kind !== 'node') records.keep(record, participantsOf(call))
}

function recordOf({ id, invite, caller, party, course }: Call, termination: Termination, now: Milliseconds): CallRecord {
  const answered = course.answered ?? now
  return {
    call: id,
    began: new Date(course.began).toISOString(),
    source: caller.kind,
    caller: party.number,
    callerName: party.name,
    dialled: dialled(invite.uri) || invite.uri,
    device: caller.kind === 'device' ? caller.device.id : '',
    reached: course.reached,
    ringSeconds: Math.round((answered - course.began) / 1_000),
    talkSeconds: Math.round((now - answered) / 1_000),
    ...termination,
  }
}

function participantsOf({ caller, course }: Call): Participants {
  const called = Array.from(course.called, ([extension, at]) => ({ extension, side: 'in' as const, at }))
  if (caller.kind !== 'device' || !caller.user) return called
  return [{ extension: caller.user.extension, side: 'out', at: [caller.device.id] }, ...called]
}
