import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { CallKind } from '../hotdesk/hotdesk.js'
import type { IncomingInvite } from '../srf/srf.js'
import { type Call, newCall } from './call.js'
import { createKnownNames } from './identity/known-names.js'
import type { Caller } from './inbound/caller.js'
import type { NodeParts } from './node-parts.js'
import { type CallRecordsNeeds, createCallRecords } from './records/call-records.js'
import { createCallRecorder, type RecordCall, type RecordCallNeeds } from './records/record-call.js'
import type { Knowledge } from './routing/contract.js'

/** The beginning and the end of every call, wherever it comes from. */
export interface Lifecycle {
  readonly newCall: (invite: IncomingInvite, caller: Caller, kind: CallKind) => Call
  readonly record: RecordCall
  /** Resolves when the last record is written. */
  close(): Promise<void>
}

export interface LifecycleNeeds {
  readonly parts: Pick<NodeParts, 'store' | 'directory' | 'registrar' | 'trunks'>
  /** Where calls are counted while they last. */
  readonly inProgress: Pick<RecordCallNeeds, 'activity' | 'open' | 'ended' | 'userCalls'>
  readonly records: Pick<CallRecordsNeeds, 'folder' | 'retentionDays'>
  /** The knowledge for a call that begins now. */
  readonly knowledge: () => Knowledge
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

export function createLifecycle({ parts, inProgress, records: kept, knowledge, clock, log, metrics }: LifecycleNeeds): Lifecycle {
  const { store, directory, registrar, trunks } = parts
  const networkClock = store.clock
  const knownNames = createKnownNames({ directory })
  const records = createCallRecords({ ...kept, store, clock: networkClock, log })
  const ofCalls = { registrar, trunks, knowledge, knownNames, clock, log }
  return {
    newCall: (invite, caller, kind) => newCall(invite, caller, kind, ofCalls),
    record: createCallRecorder({ ...inProgress, records, clock, networkClock, metrics }),
    close() {
      knownNames.close()
      return records.close()
    },
  }
}
