import { type Clock, every, type Milliseconds } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import type { DeviceId } from '../../base/identity.js'
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
  type SipSource,
  type SubscriptionDialog,
} from '../../srf/srf.js'

export interface LampSubscriptionsNeeds {
  readonly srf: Pick<SipApplication, 'onSubscribe'>
  readonly registrar: Pick<Registrar, 'authenticate' | 'isCalled' | 'provesInDialog' | 'followCaller'>
  readonly directory: Pick<Directory, 'isFilled'>
  readonly clock: Clock
  readonly log: Logger
  /** The state for another subscription of this phone. */
  readonly stateOf: (device: DeviceId) => NotifiedState
  /** The phone has subscribed. */
  readonly begun: (device: DeviceId) => void
}

/** Subscriptions of phones to messages (RFC 3842, RFC 6665 §4.2). Whatever mailbox a SUBSCRIBE names, it is about the user of the phone. */
export interface LampSubscriptions {
  has(device: DeviceId): boolean
  /** Sends what has changed. */
  look(device: DeviceId): void
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

export function createLampSubscriptions(needs: LampSubscriptionsNeeds): LampSubscriptions {
  const { srf, registrar, directory, clock, log, stateOf, begun } = needs
  const byDevice = new Map<DeviceId, Set<Notifications>>()

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
      if (dialog) begin(device, dialog, { seconds, began: request.source })
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

  function begin(
    device: DeviceId,
    dialog: SubscriptionDialog,
    { seconds, began }: { readonly seconds: number; readonly began: SipSource },
  ): void {
    const all = byDevice.get(device) ?? new Set()
    byDevice.set(device, all)
    const [oldest] = all
    if (oldest && all.size >= mostOfPhone) oldest.drop()
    const subscription = createNotifications({
      dialog,
      state: stateOf(device),
      until: clock.now() + seconds * 1_000,
      clock,
      onReply: () => undefined,
      onEnd() {
        all.delete(subscription)
        if (all.size === 0 && byDevice.get(device) === all) byDevice.delete(device)
      },
    })
    all.add(subscription)
    dialog.onSubscribe((request) => {
      if (registrar.provesInDialog(request, { device, began })) refresh(subscription, request)
    })
    log.debug({ event: 'messages.subscribed', device, seconds }, `${device} subscribes to messages`)
    if (seconds === 0) subscription.end('timeout')
    else subscription.restate()
    begun(device)
  }

  /** RFC 6665 §4.2.1.2: every SUBSCRIBE gets a NOTIFY with the state. */
  function refresh(subscription: Notifications, request: IncomingRequest): void {
    const seconds = grantedSeconds(parseExpires(request.header('Expires')))
    if (seconds === null) {
      refuseBrief(request)
      return
    }
    request.respond(200, { headers: { Expires: String(seconds) } })
    subscription.until = clock.now() + seconds * 1_000
    if (seconds === 0) subscription.end('timeout')
    else subscription.restate()
  }

  function expire(): void {
    const now = clock.now()
    for (const all of byDevice.values()) for (const each of all) if (each.until <= now) each.end('timeout')
  }

  function drop(device: DeviceId): void {
    for (const each of byDevice.get(device) ?? []) each.drop()
  }

  srf.onSubscribe('message-summary', take)
  const onFault = (err: unknown): void => log.error({ event: 'node.fault', err }, 'subscriptions to messages did not expire')
  const expiry = every(clock, expiryRoundMs, expire, onFault)
  return {
    has: (device) => byDevice.has(device),
    look(device) {
      for (const each of byDevice.get(device) ?? []) each.look()
    },
    drop,
    close() {
      expiry.cancel()
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
