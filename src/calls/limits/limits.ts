import type { Metrics } from '../../base/metrics.js'
import type { NetworkClock } from '../../store/store.js'
import type { Call } from '../call.js'
import type { Termination } from '../failure.js'
import type { Decision } from '../routing/contract.js'
import { createNoticeReport, type NoticeReportNeeds } from './notice-report.js'
import { createOutsideUsage, dateIn, type Moment, type OutsideUsage, type OutsideUsageNeeds } from './outside-usage.js'

/** Counts calls outside, and reports what rights and limits refuse. */
export interface Limits {
  readonly usage: OutsideUsage
  /** Reports the notices of the decision. */
  report(call: Call, decision: Decision): void
  /** Runs a call outside, which counts until it has ended. */
  counted(call: Call, decision: Decision, run: () => Promise<Termination>): Promise<Termination>
  close(): void
}

export interface LimitsNeeds extends OutsideUsageNeeds, NoticeReportNeeds {
  readonly store: OutsideUsageNeeds['store'] & NoticeReportNeeds['store']
  readonly metrics: Metrics
  readonly networkClock: NetworkClock
}

export function createLimits(needs: LimitsNeeds): Limits {
  const { clock, networkClock } = needs
  const usage = createOutsideUsage(needs)
  const reportNotice = createNoticeReport(needs)

  function momentOf({ plan }: Call): Moment {
    const at = networkClock.now()
    return { at, date: dateIn(plan.rights.localAt(at)) }
  }

  return {
    usage,
    report(call, { to, notices }) {
      for (const notice of notices) if (notice.kind !== 'costly' || to.kind === 'outside') reportNotice(call, notice)
    },
    async counted(call, { counted }, run) {
      if (counted.length === 0) return run()
      const talkSeconds = (): number => (call.progress.answered === null ? 0 : (clock.now() - call.progress.answered) / 1_000)
      const end = usage.begin(counted, { now: () => momentOf(call), talkSeconds })
      try {
        return await run()
      } finally {
        end()
      }
    },
    close: usage.close,
  }
}
