import { type Alarm, type Clock, every, type Milliseconds, spread } from '../../base/clock.js'
import { isAppError, messageOf } from '../../base/errors.js'
import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Directory } from '../../directory/directory.js'
import type { Registrar } from '../../registrar/registrar.js'
import { parseExpires } from '../../sip/headers/expires.js'
import {
  createNotifications,
  type IncomingRequest,
  type IncomingSubscribe,
  type Notifications,
  type NotifiedState,
  type SipApplication,
  type SubscriptionDialog,
} from '../../srf/srf.js'
import { createSavedLamps, type SavedLamp, type SavedLampsNeeds } from './saved-lamps.js'

export interface LampSubscriptionsNeeds {
  readonly srf: Pick<SipApplication, 'onSubscribe' | 'restoreSubscription' | 'onReconnected'>
  readonly registrar: Pick<Registrar, 'authenticate' | 'isCalled' | 'provesInDialog' | 'followCaller' | 'follow' | 'bindingsOf'>
  readonly directory: Pick<Directory, 'isFilled'>
  readonly store: SavedLampsNeeds['store']
  readonly node: NodeName
  readonly clock: Clock
  readonly log: Logger
  /** The state for another subscription of this phone. */
  readonly stateOf: (device: DeviceId) => NotifiedState
  /** The phone has subscribed. */
  readonly begun: (device: DeviceId) => void
}

/**
 * Subscriptions of phones to messages (RFC 3842, RFC 6665 §4.2). Whatever mailbox a SUBSCRIBE names, it is about the user of the phone. They go on
 * after a restart of the node or of the SIP server.
 */
export interface LampSubscriptions {
  /** Resolves when those of before the restart go on, or are not known. */
  readonly restored: Promise<void>
  has(device: DeviceId): boolean
  /** Sends what has changed. */
  look(device: DeviceId): void
  /** The phone can be reached again. */
  resume(device: DeviceId): void
  /** The phone is gone. */
  drop(device: DeviceId): void
  close(): void
}

/** RFC 3842 §3.4, and the shortest that a phone may request. */
const mostSeconds = 3_600
const leastSeconds = 60
/** A phone that restarts begins another subscription and forgets the last. */
const mostOfPhone = 4
const expiryRoundMs: Milliseconds = 1_000
/** After a restart the phones get the state within this time. */
const restateMs: Milliseconds = 10_000

/** A subscription of a phone. */
interface Entry extends Pick<SavedLamp, 'device' | 'began'> {
  readonly dialog: SubscriptionDialog
  readonly notifications: Notifications
}

export function createLampSubscriptions(needs: LampSubscriptionsNeeds): LampSubscriptions {
  const { srf, registrar, directory, store, node, clock, log, stateOf, begun } = needs
  const byDevice = new Map<DeviceId, Set<Entry>>()
  const saved = createSavedLamps({ store, node, log })
  let restating: Alarm | null = null
  let isClosed = false

  async function take(request: IncomingSubscribe): Promise<void> {
    if (!directory.isFilled) {
      request.respond(503, { headers: { 'Retry-After': '10' } })
      return
    }
    const who = registrar.authenticate(request)
    if (who.outcome !== 'device') return
    const { device } = who
    const seconds = grantedSeconds(request.expires)
    if (!registrar.isCalled(request, device)) request.respond(404, { reason: 'Domain Not Served Here' })
    else if (seconds === null) refuseBrief(request)
    else {
      const dialog = await accept(request, { expires: seconds, farEnd: registrar.followCaller(device, request) })
      if (!dialog) return
      log.debug({ event: 'messages.subscribed', device, seconds }, `${device} subscribes to messages`)
      const { notifications } = begin({ device, began: request.source, until: clock.now() + seconds * 1_000 }, dialog)
      if (seconds === 0) notifications.end('timeout')
      else notifications.restate()
    }
  }

  /** Null: the phone is gone. */
  async function accept(request: IncomingSubscribe, parts: Parameters<IncomingSubscribe['accept']>[0]): Promise<SubscriptionDialog | null> {
    try {
      return await request.accept(parts)
    } catch (fault) {
      if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
      log.debug({ event: 'messages.subscribed', cause: fault.message }, 'a phone that subscribes is gone')
      return null
    }
  }

  function begin({ device, began, until }: Omit<SavedLamp, 'dialog'>, dialog: SubscriptionDialog): Entry {
    const all = byDevice.get(device) ?? new Set()
    // The phone has begun anew under the same Call-ID and tag: what it had before is over.
    for (const { dialog: before, notifications } of all) if (before.id === dialog.id) notifications.drop()
    byDevice.set(device, all)
    const [oldest] = all
    if (oldest && all.size >= mostOfPhone) oldest.notifications.drop()
    const notifications = createNotifications({
      dialog,
      state: stateOf(device),
      until,
      clock,
      onReply: () => undefined,
      onEnd: () => forget(entry),
    })
    const entry: Entry = { device, began, dialog, notifications }
    byDevice.set(device, all.add(entry))
    dialog.onSubscribe((request) => {
      if (registrar.provesInDialog(request, entry)) refresh(entry, request)
    })
    keep(entry)
    begun(device)
    return entry
  }

  function keep({ device, began, dialog, notifications: { until } }: Entry): void {
    saved.put(dialog.id, { dialog: dialog.saved, device, began, until })
  }

  function forget(entry: Entry): void {
    const all = byDevice.get(entry.device)
    all?.delete(entry)
    if (all?.size === 0) byDevice.delete(entry.device)
    if (!isClosed) saved.remove(entry.dialog.id)
  }

  /** RFC 6665 §4.2.1.2: every SUBSCRIBE gets a NOTIFY with the state. */
  function refresh(entry: Entry, request: IncomingRequest): void {
    const { notifications } = entry
    const seconds = grantedSeconds(parseExpires(request.header('Expires')))
    if (seconds === null) {
      refuseBrief(request)
      return
    }
    request.respond(200, { headers: { Expires: String(seconds) } })
    notifications.until = clock.now() + seconds * 1_000
    keep(entry)
    if (seconds === 0) notifications.end('timeout')
    else notifications.restate()
  }

  /** Continues subscriptions under their dialogs, for the users who sit at the phones now. */
  function restore(all: readonly SavedLamp[]): void {
    const entries = all.flatMap((each) => {
      const binding = registrar.bindingsOf(each.device).find((bound) => bound.node === node)
      const dialog = each.until > clock.now() ? srf.restoreSubscription(each.dialog, binding ? registrar.follow(binding) : null) : null
      return dialog ? [begin(each, dialog)] : []
    })
    restating?.cancel()
    restating = spread(clock, entries, restateMs, ({ notifications }) => notifications.restate())
  }

  /** The SIP server has restarted, and knows no dialog. */
  function reconnected(): void {
    const before = allEntries().map(({ device, began, dialog, notifications: { until } }) => ({
      device,
      began,
      dialog: dialog.saved,
      until,
    }))
    for (const { notifications } of allEntries()) notifications.drop()
    restore(before)
  }

  function allEntries(): readonly Entry[] {
    return [...byDevice.values()].flatMap((all) => [...all])
  }

  function expire(): void {
    const now = clock.now()
    for (const { notifications } of allEntries()) if (notifications.until <= now) notifications.end('timeout')
  }

  function drop(device: DeviceId): void {
    for (const { notifications } of byDevice.get(device) ?? []) notifications.drop()
  }

  srf.onSubscribe('message-summary', take)
  const stop = srf.onReconnected(reconnected)
  const onFault = (err: unknown): void => log.error({ event: 'node.fault', err }, 'subscriptions to messages did not expire')
  const expiry = every(clock, expiryRoundMs, expire, onFault)
  const restored = saved.all().then(restore, (fault: unknown) => {
    log.warn(
      { event: 'messages.subscribed', cause: messageOf(fault) },
      'subscriptions of before the restart are not known; phones subscribe again',
    )
  })
  return {
    restored,
    has: (device) => byDevice.has(device),
    look(device) {
      for (const { notifications } of byDevice.get(device) ?? []) notifications.look()
    },
    resume(device) {
      for (const { notifications } of byDevice.get(device) ?? []) notifications.resume()
    },
    drop,
    close() {
      isClosed = true
      expiry.cancel()
      restating?.cancel()
      stop()
      saved.close()
      for (const device of byDevice.keys()) drop(device)
    },
  }
}

/** 0 asks for the state alone (RFC 6665 §4.4.3). Null: too short. */
function grantedSeconds(requested: number | null): number | null {
  if (requested === null) return mostSeconds
  return requested === 0 || requested >= leastSeconds ? Math.min(requested, mostSeconds) : null
}

function refuseBrief(request: IncomingRequest): void {
  request.respond(423, { headers: { 'Min-Expires': String(leastSeconds) } })
}
