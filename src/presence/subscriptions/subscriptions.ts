import { type Alarm, type Clock, every, type Milliseconds, spread } from '../../base/clock.js'
import { isAppError, messageOf } from '../../base/errors.js'
import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import { fromZero, type Metrics } from '../../base/metrics.js'
import type { Registrar } from '../../registrar/registrar.js'
import { parseExpires } from '../../sip/headers/expires.js'
import {
  createNotifications,
  type FarEnd,
  type IncomingRequest,
  type IncomingSubscribe,
  type SipApplication,
  type SubscriptionDialog,
} from '../../srf/srf.js'
import type { Store } from '../../store/store.js'
import type { States } from '../watched/states.js'
import { watchedAt } from '../watched/watched.js'
import { type Contents, type ContentsNeeds, lampContents, listContents } from './contents.js'
import { createSavedSubscriptions, type SavedSubscription } from './saved-subscriptions.js'
import { type Accepted, grantedSeconds, judgeSubscribe, leastSeconds, type SubscribeJudgeNeeds, watcherOn } from './subscribe-request.js'
import { createSubscriptionIndex, type Entry } from './subscription-index.js'

export interface SubscriptionsNeeds extends Omit<SubscribeJudgeNeeds, 'countOf' | 'registrar'>, Omit<ContentsNeeds, 'states'> {
  readonly rights: SubscribeJudgeNeeds['rights'] & ContentsNeeds['rights']
  readonly directory: SubscribeJudgeNeeds['directory']
  readonly srf: Pick<SipApplication, 'onSubscribe' | 'restoreSubscription' | 'onReconnected'>
  readonly registrar: Pick<Registrar, 'authenticate' | 'isCalled' | 'provesInDialog' | 'followCaller' | 'follow' | 'bindingsOf'>
  readonly states: States
  readonly store: Pick<Store, 'read' | 'putFields' | 'state' | 'onState'>
  readonly node: NodeName
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** The subscriptions of phones to lamps at this node (RFC 6665 §4.2). */
export interface Subscriptions {
  /** Ends those of a phone, for `which` only. */
  endOf(device: DeviceId, which: (about: Entry['about']) => boolean): void
  /** The phone can be reached again. */
  resume(device: DeviceId): void
  /** The meaning of addresses, the rights or the owners of phones have changed. */
  lookAtAll(): void
  close(): void
}

const expiryRoundMs: Milliseconds = 1_000
/** After a restart the phones get their states within this time. */
const restateMs: Milliseconds = 10_000
/** More than any phone gets between two writes of its version. Versions must not fall back (RFC 4235 §4.1). */
const versionGap = 100_000

export function createSubscriptions(needs: SubscriptionsNeeds): Subscriptions {
  const { srf, registrar, states, store, node, clock, log, metrics } = needs
  const index = createSubscriptionIndex()
  const saved = createSavedSubscriptions({ store, node, log })
  let restating: Alarm | null = null
  fromZero(
    metrics.notifiesTotal,
    ['sent', 'failed'].map((outcome) => ({ outcome })),
  )

  let isClosed = false

  function contentsOf(about: Omit<Accepted, 'seconds'>, version: number): Contents {
    const { watched, uri, name, event, by } = about
    if (watched.kind === 'list') return listContents({ uri, event, by, version }, needs)
    return lampContents({ uri, label: '', name, watched, event, by, version }, needs)
  }

  function begin(
    dialog: SubscriptionDialog,
    about: Omit<Accepted, 'seconds'>,
    from: Pick<SavedSubscription, 'began' | 'until' | 'version'>,
  ): Entry {
    const contents = contentsOf(about, from.version)
    const entry: Entry = {
      about,
      dialog,
      contents,
      began: from.began,
      subscription: createNotifications({
        dialog,
        state: contents,
        until: from.until,
        clock,
        onReply: ({ status }) => metrics.notifiesTotal.inc({ outcome: status >= 200 && status < 300 ? 'sent' : 'failed' }),
        onEnd: () => forget(entry),
      }),
    }
    dialog.onSubscribe((request) => refresh(entry, request))
    // The phone has begun anew under the same Call-ID and tag: what it had before is over.
    for (const { dialog: before, subscription } of index.ofDevice(about.by.device)) if (before.id === dialog.id) subscription.drop()
    index.add(entry)
    metrics.subscriptions.set(index.all.size)
    keep(entry)
    return entry
  }

  function forget(entry: Entry): void {
    index.remove(entry)
    metrics.subscriptions.set(index.all.size)
    if (!isClosed) saved.remove(entry.dialog.id)
  }

  function keep({ about, dialog, contents, began, subscription: { until } }: Entry): void {
    const { event, by, uri, name } = about
    saved.put(dialog.id, { dialog: dialog.saved, event, ...by, uri, name, began, until, version: contents.version })
  }

  async function take(request: IncomingSubscribe): Promise<void> {
    const accepted = judgeSubscribe(request, { ...needs, countOf: (device) => index.ofDevice(device).length })
    if (!accepted) return
    const { seconds, ...about } = accepted
    const headers = about.watched.kind === 'list' ? { Require: 'eventlist' } : {}
    const farEnd = registrar.followCaller(about.by.device, request)
    const dialog = await accept(request, { expires: seconds, headers, farEnd })
    if (!dialog) return
    log.debug(
      { event: 'presence.subscribed', device: about.by.device, watched: about.name, seconds },
      `${about.by.device} watches ${about.name}`,
    )
    const { subscription } = begin(dialog, about, { began: request.source, until: clock.now() + seconds * 1_000, version: 0 })
    if (seconds === 0) subscription.end('timeout')
    else subscription.restate()
  }

  /** Null: the phone is gone. */
  async function accept(request: IncomingSubscribe, parts: Parameters<IncomingSubscribe['accept']>[0]): Promise<SubscriptionDialog | null> {
    try {
      return await request.accept(parts)
    } catch (fault) {
      if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
      log.debug({ event: 'presence.subscribed', cause: fault.message }, 'a phone that subscribes is gone')
      return null
    }
  }

  /** RFC 6665 §4.2.1.2: every SUBSCRIBE gets a NOTIFY with the full state. */
  function refresh(entry: Entry, request: IncomingRequest): void {
    const { about, began, subscription } = entry
    if (!registrar.provesInDialog(request, { device: about.by.device, began })) return
    const seconds = grantedSeconds(parseExpires(request.header('Expires')))
    if (seconds === null) {
      request.respond(423, { headers: { 'Min-Expires': String(leastSeconds) } })
      return
    }
    request.respond(200, { headers: { Expires: String(seconds) } })
    if (seconds === 0) subscription.end('timeout')
    else {
      subscription.until = clock.now() + seconds * 1_000
      subscription.restate()
      keep(entry)
    }
  }

  function look(entries: Iterable<Entry>): void {
    for (const entry of entries) {
      entry.subscription.look()
      if (entry.about.watched.kind === 'list') index.update(entry)
    }
  }

  /** Where a phone is now, after a restart. */
  function farEndOf(device: DeviceId): FarEnd | null {
    const binding = registrar.bindingsOf(device).find((each) => each.node === node)
    return binding ? registrar.follow(binding) : null
  }

  /** Continues a subscription under its dialog. Its user or the meaning of its address may have changed meanwhile; then it ends. */
  function restore(text: SavedSubscription): Entry | null {
    const { dialog: savedDialog, event, device, user, uri, name, began, until, version } = text
    const watched = watchedAt(name, needs)
    const dialog = watched === null || until <= clock.now() ? null : srf.restoreSubscription(savedDialog, farEndOf(device))
    if (!dialog || watched === null) return null
    const entry = begin(dialog, { event, by: { device, user }, watched, uri, name }, { began, until, version: version + versionGap })
    if (isAsBefore(entry.about)) return entry
    entry.subscription.end('deactivated')
    return null
  }

  function restate(entries: readonly Entry[]): void {
    restating?.cancel()
    restating = spread(clock, entries, restateMs, ({ subscription }) => subscription.restate())
  }

  async function restoreSaved(): Promise<void> {
    const all = await saved.all()
    const restored = all.flatMap((each) => restore(each) ?? [])
    if (all.length > 0)
      log.info({ event: 'presence.restored', count: restored.length }, `${restored.length} of ${all.length} subscriptions go on`)
    restate(restored)
  }

  /** The SIP server has restarted, and knows no dialog. */
  function reconnected(): void {
    const before = [...index.all].map((entry) => ({ entry, dialog: entry.dialog.saved, version: entry.contents.version }))
    const restored = before.flatMap(({ entry: { about, began, subscription }, dialog, version }) => {
      subscription.drop()
      return restore({ ...about, ...about.by, began, dialog, until: subscription.until, version }) ?? []
    })
    restate(restored)
  }

  /** Whether the phone still has its user, and the address still stands for the same, and may be watched. */
  function isAsBefore({ name, watched, by }: Entry['about']): boolean {
    if (watched.kind !== 'seat' && watcherOn(by.device, needs).user !== by.user) return false
    return JSON.stringify(watchedAt(name, needs)) === JSON.stringify(watched) && needs.rights.mayWatch(watched, by)
  }

  function expire(): void {
    const now = clock.now()
    for (const { subscription } of index.all) if (subscription.until <= now) subscription.end('timeout')
  }

  for (const event of ['dialog', 'presence'] as const) srf.onSubscribe(event, take)
  const stops = [states.onChange((subject) => look(index.about(subject))), srf.onReconnected(reconnected)]
  const expiry = every(clock, expiryRoundMs, expire, (err) => log.error({ event: 'node.fault', err }, 'subscriptions did not expire'))
  restoreSaved().catch((fault: unknown) =>
    log.warn(
      { event: 'presence.restored', cause: messageOf(fault) },
      'subscriptions of before the restart are not known; phones subscribe again',
    ),
  )

  return {
    endOf(device, which) {
      for (const { about, subscription } of index.ofDevice(device)) if (which(about)) subscription.end('deactivated')
    },
    resume(device) {
      for (const { subscription } of index.ofDevice(device)) subscription.resume()
    },
    lookAtAll() {
      for (const { about, subscription } of index.all) if (!isAsBefore(about)) subscription.end('deactivated')
      look(index.all)
    },
    close() {
      expiry.cancel()
      restating?.cancel()
      for (const stop of stops) stop()
      saved.close()
      // A NOTIFY that is to be sent again would hold the process up. The subscriptions go on after the restart.
      isClosed = true
      for (const { subscription } of index.all) subscription.drop()
    },
  }
}
