import type { Clock } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import { readUserAgent } from '../phone-models/phone-models.js'
import type { Binding, Registrar } from '../registrar/registrar.js'
import type { SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import { type NotifyOutcome, notifyPhone } from './refresh-notify.js'
import { deviceKey, type RefreshStatus } from './refresh-record.js'
import { createRefreshReport } from './refresh-report.js'
import { createRefresh, type Readiness, type Refresh, type RefreshTimes, type RefreshWay } from './refresh-runner.js'
import { createRefreshSupport } from './refresh-support.js'
import { watchRefreshTriggers } from './refresh-triggers.js'

/** The calls of phones. `calls` is a neighbour in this layer, so it is passed in as this interface. */
interface CallActivity {
  /** Calls of this phone at this node, dial codes included. */
  count(device: DeviceId): number
  /** The last call of a phone has ended. */
  onIdle(listener: (device: DeviceId) => void): () => void
}

/** Configurations that phones have fetched. `provisioning` is a neighbour, too. */
interface Fetches {
  /** `epoch`: of the phone's record when it was made. Null: the phone has fetched none from this network. */
  latest(device: DeviceId): { readonly epoch: string; readonly agent: string } | null
  onFetch(listener: (device: DeviceId) => void): () => void
}

export interface PhonesNeeds {
  readonly srf: SipApplication
  readonly registrar: Registrar
  readonly hotdesk: Hotdesk
  readonly directory: Directory
  readonly store: Store
  readonly activity: CallActivity
  readonly fetches: Fetches
  readonly node: NodeName
  /** The SIP domain. */
  readonly domain: string
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** Updates the display and keys of phones after each login and logout. */
export interface Phones {
  close(): Promise<void>
}

const refreshTimes: RefreshTimes = {
  settleMs: 500,
  restMs: [2_000, 5_000, 15_000],
  fetchMs: { refresh: 30_000, reboot: 240_000 },
}

/** Each node refreshes the phones that are registered there, whichever node or operator has changed their assignment. */
export function createPhones(needs: PhonesNeeds): Phones {
  const { registrar, hotdesk, store, activity, fetches, node, clock, log, metrics } = needs
  const refreshes = new Map<DeviceId, Refresh>()
  const report = createRefreshReport({ store, hotdesk, node, log, metrics })
  const support = createRefreshSupport({ store, log })

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
      notify: (way: RefreshWay) => notify(device, way),
      hasFetched: () => hasFetched(device),
      note: (word: RefreshStatus) => note(device, word),
      isUnsupported: () => support.of(device, bindingsHere(device)) === 'no',
    }
    const refresh = createRefresh(clock, refreshTimes, effects)
    refreshes.set(device, refresh)
    return refresh
  }

  /** A softphone that registers with the credentials of a phone does not fetch what the phone fetches. */
  function hasFetched(device: DeviceId): boolean | null {
    const fetched = fetches.latest(device)
    const makeOf = (agent: string): string => readUserAgent(agent)?.make ?? 'other'
    if (!fetched || !bindingsHere(device).some(({ userAgent }) => makeOf(userAgent) === makeOf(fetched.agent))) return null
    return fetched.epoch === (store.replica.hash(deviceKey(device))?.get('epoch') ?? '0')
  }

  async function notify(device: DeviceId, way: RefreshWay): Promise<NotifyOutcome> {
    const bindings = bindingsHere(device)
    const outcome = await notifyPhone(bindings, way, needs)
    if (outcome === 'confirmed') support.note(device, bindings, 'yes')
    if (outcome === 'refused' && hasFetched(device) === null) support.note(device, bindings, 'no')
    return outcome
  }

  /** A phone that has never confirmed a refresh and fetches nothing here is considered unable to, after one alarm. */
  function note(device: DeviceId, word: RefreshStatus): void {
    const bindings = bindingsHere(device)
    if (word === 'stale' && hasFetched(device) === null && support.of(device, bindings) === null) support.note(device, bindings, 'no')
    report.note(device, word)
  }

  /** A phone that is not registered here is refreshed by another node, or when it registers. */
  function wanted(device: DeviceId): void {
    if (bindingsHere(device).length > 0) refreshFor(device).feed('wanted')
  }

  /** The fetch of a phone that has fetched its present epoch shows nothing, so that it needs a new one. */
  function askedByHand(device: DeviceId): void {
    if (bindingsHere(device).length === 0) return
    if (hasFetched(device) !== true || store.state !== 'connected') wanted(device)
    else
      store.call('hotdesk_refresh', device).catch((fault: unknown) => {
        log.warn({ event: 'store.lost', device, cause: messageOf(fault) }, 'the phone cannot be refreshed after an edit by hand')
      })
  }

  /** A refresh is still due if the phone was away, or did not respond to the last one. */
  function onRegistered(device: DeviceId): void {
    const word = report.latest(device)
    if (word !== 'pending' && word !== 'stale') return
    const refresh = refreshFor(device)
    refresh.feed(word === 'pending' && refresh.state === 'idle' ? 'wanted' : 'registered')
  }

  function onFetch(device: DeviceId): void {
    const word = report.latest(device)
    if (word !== null && word !== 'fetched' && bindingsHere(device).length > 0 && hasFetched(device)) refreshFor(device).feed('fetched')
  }

  const stops = [
    watchRefreshTriggers({ store, wanted, askedByHand, quietOver: (device) => refreshes.get(device)?.feed('free') }),
    activity.onIdle((device) => refreshes.get(device)?.feed('free')),
    registrar.onRegistered(onRegistered),
    fetches.onFetch(onFetch),
  ]

  return {
    close() {
      for (const off of stops) off()
      for (const refresh of refreshes.values()) refresh.close()
      report.close()
      return Promise.resolve()
    },
  }
}
