import type { Clock } from '../base/clock.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import type { Binding, Registrar } from '../registrar/registrar.js'
import type { SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import { type NotifyOutcome, notifyPhone } from './refresh-notify.js'
import type { RefreshWord } from './refresh-record.js'
import { createRefreshNews } from './refresh-report.js'
import { createRefresh, type Readiness, type Refresh, type RefreshTimes } from './refresh-runner.js'
import { createRefreshable } from './refresh-support.js'
import { watchRefreshTriggers } from './refresh-triggers.js'

/** What phones must know of calls, which are a neighbour of this layer. */
interface CallActivity {
  /** Calls of this phone at this node, dial codes included. */
  count(device: DeviceId): number
  /** A phone's last call has ended. */
  onIdle(listener: (device: DeviceId) => void): () => void
}

export interface PhonesNeeds {
  readonly srf: SipApplication
  readonly registrar: Registrar
  readonly hotdesk: Hotdesk
  readonly directory: Directory
  readonly store: Store
  readonly activity: CallActivity
  readonly node: NodeName
  /** The SIP domain. */
  readonly domain: string
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly times?: RefreshTimes
}

/** The phone follows: what its display and keys show is brought up to date after each login and logout. */
export interface Phones {
  /** What became of the latest refresh; null: never was one. */
  refreshOf(device: DeviceId): RefreshWord | null
  close(): Promise<void>
}

const defaultRefreshTimes: RefreshTimes = { settleMs: 500, restMs: [2_000, 5_000, 15_000] }

/** Each node refreshes the phones that are registered at it, whoever changed their assignment and wherever. */
export function createPhones(needs: PhonesNeeds): Phones {
  const { registrar, hotdesk, store, activity, node, clock, log, metrics, times = defaultRefreshTimes } = needs
  const refreshes = new Map<DeviceId, Refresh>()
  const news = createRefreshNews({ store, hotdesk, node, log, metrics })
  const refreshable = createRefreshable({ store, log })

  const bindingsHere = (device: DeviceId): readonly Binding[] => registrar.bindingsOf(device).filter((binding) => binding.node === node)

  function readiness(device: DeviceId): Readiness {
    if (bindingsHere(device).length === 0) return 'gone'
    return activity.count(device) > 0 || hotdesk.isQuiet(device) ? 'blocked' : 'due'
  }

  function refreshFor(device: DeviceId): Refresh {
    const known = refreshes.get(device)
    if (known) return known
    const effects = {
      readiness: () => readiness(device),
      notify: () => notify(device),
      note: (word: RefreshWord) => note(device, word),
      cannotFollow: () => refreshable.answerOf(device, bindingsHere(device)) === 'no',
    }
    const refresh = createRefresh(clock, times, effects)
    refreshes.set(device, refresh)
    return refresh
  }

  async function notify(device: DeviceId): Promise<NotifyOutcome> {
    const bindings = bindingsHere(device)
    const outcome = await notifyPhone(bindings, needs)
    if (outcome === 'confirmed') refreshable.learn(device, bindings, 'yes')
    if (outcome === 'refused') refreshable.learn(device, bindings, 'no')
    return outcome
  }

  /** A phone that has never followed is believed not to be able to, after one alarm. */
  function note(device: DeviceId, word: RefreshWord): void {
    const bindings = bindingsHere(device)
    if (word === 'stale' && refreshable.answerOf(device, bindings) === null) refreshable.learn(device, bindings, 'no')
    news.note(device, word)
  }

  /** A phone that is not registered here is somebody else's, or its refresh is delivered when it registers. */
  function wanted(device: DeviceId): void {
    if (bindingsHere(device).length > 0) refreshFor(device).feed('wanted')
  }

  /** Owed since the phone was away, or since it last did not answer. */
  function onRegistered(device: DeviceId): void {
    const word = news.latest(device)
    if (word !== 'pending' && word !== 'stale') return
    const refresh = refreshFor(device)
    refresh.feed(word === 'pending' && refresh.state === 'idle' ? 'wanted' : 'registered')
  }

  const offs = [
    watchRefreshTriggers({ store, wanted, quietOver: (device) => refreshes.get(device)?.feed('free') }),
    activity.onIdle((device) => refreshes.get(device)?.feed('free')),
    registrar.onRegistered(onRegistered),
  ]

  return {
    refreshOf: (device) => news.latest(device),
    close() {
      for (const off of offs) off()
      for (const refresh of refreshes.values()) refresh.close()
      news.close()
      return Promise.resolve()
    },
  }
}
