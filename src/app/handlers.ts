import type { Clock, Milliseconds } from '../base/clock.js'
import { isAppError } from '../base/errors.js'
import { parseDeviceId } from '../base/identity.js'
import type { Calls } from '../calls/calls.js'
import type { Handlers } from '../control/control.js'
import type { LivePlan } from '../dialplan/dialplan.js'
import type { NetworkClock } from '../store/store.js'
import type { Trunks } from '../trunks/trunks.js'
import type { LiveSettings } from './live-settings.js'
import type { Reading, Reload } from './reload.js'

export interface HandlerNeeds {
  readonly plan: LivePlan
  readonly settings: LiveSettings
  readonly read: () => Reading
  readonly trunks: Pick<Trunks, 'states'>
  readonly reload: Reload
  readonly calls: Pick<Calls, 'deliverNotice'>
  readonly clock: Clock
  readonly networkClock: NetworkClock
}

/** Answers what commands ask this node. */
export function createHandlers({ plan, settings, read, trunks, reload, calls, clock, networkClock }: HandlerNeeds): Handlers {
  const moment = (ms: Milliseconds): string => new Date(ms + networkClock.aheadMs).toISOString()
  let loaded = clock.now()
  plan.onChange(() => {
    loaded = clock.now()
  })

  return {
    plan: () => ({
      site: plan.current.site,
      file: settings.current.dialplan,
      fingerprint: plan.current.fingerprint,
      loaded: moment(loaded),
      problems: problemsOf(read, plan),
    }),
    trunks: () => ({
      trunks: trunks.states().map(({ name, state, since, retry, trouble }) => ({
        name,
        state,
        trouble,
        since: since === null ? null : moment(since),
        retry: retry === null ? null : moment(retry),
      })),
    }),
    notice: async ({ devices, text }) => ({
      reached: await calls.deliverNotice(
        devices.flatMap((id) => parseDeviceId(id) ?? []),
        text,
      ),
    }),
    reload: (_, by) => reload(by),
  }
}

/** How the files on the disk differ from what is in force. */
function problemsOf(read: () => Reading, { current }: LivePlan): readonly string[] {
  try {
    const { fingerprint } = read().dialplan
    return fingerprint === current.fingerprint ? [] : ['its file has changed since; `hotdesk reload` loads it']
  } catch (fault) {
    if (!isAppError(fault)) throw fault
    return [`its file has changed since and cannot be loaded: ${fault.says}`]
  }
}
