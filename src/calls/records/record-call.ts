import type { Clock } from '../../base/clock.js'
import { parseDeviceId } from '../../base/identity.js'
import type { Metrics } from '../../base/metrics.js'
import { dialled } from '../../sip/uri/dialled.js'
import type { NetworkClock } from '../../store/store.js'
import type { Activity } from '../activity.js'
import { type Call, reject } from '../call.js'
import type { Termination } from '../failure.js'
import type { WritableUserCalls } from '../lamps/user-calls.js'
import { shownDigits } from '../routing/shown-digits.js'
import type { CallRecord, CallRecords } from './call-records.js'
import { participantsOf } from './participants.js'

export interface RecordCallNeeds {
  readonly records: Pick<CallRecords, 'keep'>
  readonly activity: Pick<Activity, 'begin'>
  /** Every call that has begun and not ended. */
  readonly open: Set<Call>
  readonly ended: { add(call: Call): void }
  readonly userCalls: Pick<WritableUserCalls, 'look' | 'end'>
  /** The node's own. */
  readonly clock: Clock
  readonly networkClock: NetworkClock
  readonly metrics: Metrics
}

/** Runs a call to its end. A fault in it ends that call alone. */
export type RecordCall = (call: Call, run: () => Promise<Termination> | Termination) => Promise<void>

/** Counts the call, and its phone's activity, while it lasts. Then writes one log line and one record. */
export function createCallRecorder({
  records,
  activity,
  open,
  ended,
  userCalls,
  clock,
  networkClock,
  metrics,
}: RecordCallNeeds): RecordCall {
  function finish(call: Call, termination: Termination): void {
    const record = recordOf(call, termination)
    const { ringSeconds, talkSeconds } = record
    call.log.info({ event: 'call.ended', ...termination, ringSeconds, talkSeconds }, `ended: ${termination.reason}`)
    // The node that handed the call over keeps its record.
    if (call.caller.kind !== 'node' || call.transfer) records.keep(record, participantsOf(call))
  }

  function recordOf(call: Call, termination: Termination): CallRecord {
    const { id, caller, party, progress } = call
    const now = clock.now()
    const answered = progress.answered ?? now
    return {
      call: id,
      began: new Date(progress.began + networkClock.aheadMs).toISOString(),
      source: caller.kind,
      caller: party.number,
      callerName: party.name,
      dialled: dialledIn(call),
      device: caller.kind === 'device' ? caller.device.id : '',
      reached: progress.reached,
      transferOf: call.transfer?.of ?? '',
      transferredBy: call.transfer?.by.user?.extension ?? '',
      pickedUpFrom: progress.pickUp?.from ?? '',
      ringSeconds: Math.round((answered - progress.began) / 1_000),
      talkSeconds: Math.round((now - answered) / 1_000),
      ...termination,
    }
  }

  /** The caller's phone is busy until the call ends. */
  function begin({ caller, kind, control: { hangUp } }: Call): () => void {
    return caller.kind === 'device' ? activity.begin({ device: caller.device.id, kind, hangUp }) : () => undefined
  }

  return async (call, run) => {
    let end = begin(call)
    call.onTakenOver(() => {
      end()
      end = begin(call)
      userCalls.look(call)
    })
    open.add(call)
    userCalls.look(call)
    metrics.callsActive.inc()
    let termination: Termination = { result: 'server', reason: 'fault' }
    try {
      termination = await run()
    } catch (fault) {
      call.log.error({ event: 'call.fault', err: fault }, 'the call failed')
      termination = reject(call, { reason: 'fault' })
    } finally {
      end()
      open.delete(call)
      userCalls.end(call)
      ended.add(call)
      metrics.callsActive.dec()
      metrics.callsTotal.inc({ result: termination.result })
      finish(call, termination)
      call.end(termination)
    }
  }
}

/** The dialled digits, unless they may be a PIN. */
export function dialledIn({ kind, caller, invite, knowledge }: Call): string {
  const digits = dialled(invite.uri)
  if (caller.kind === 'own') return parseDeviceId(digits) ?? shownDigits(digits, knowledge) ?? 'unknown'
  // Digits for another site may have been typed in the menu, by a caller who expected to be asked for a PIN.
  const isByPhone = caller.kind === 'device' || (caller.kind === 'node' && caller.purpose === 'break-out')
  if (!isByPhone || kind === 'emergency') return digits || invite.uri
  return shownDigits(digits, knowledge) ?? 'unknown'
}
