import type { Alarm, Clock, Milliseconds } from '../base/clock.js'
import type { Extension, NodeName, SiteName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { LivePlan } from '../dialplan/dialplan.js'
import type { Directory } from '../directory/directory.js'
import type { SipApplication } from '../srf/srf.js'
import type { Trunks } from '../trunks/trunks.js'
import { createMailboxRequests, type MailboxDialog, wantedSeconds } from './mailbox-requests.js'
import { ownerOf } from './subscriber.js'
import { afterEnd, createPauses, grantedMs, retryAfterMs } from './subscription-pauses.js'

export interface SubscriptionsNeeds {
  readonly srf: Pick<SipApplication, 'request' | 'onReconnected'>
  readonly trunks: Pick<Trunks, 'outgoing'>
  readonly plan: LivePlan
  readonly directory: Pick<Directory, 'users' | 'user' | 'nodes' | 'onUserChange' | 'onNodeChange'>
  readonly node: NodeName
  readonly site: SiteName
  readonly clock: Clock
  readonly log: Logger
}

/** Subscriptions to the mailboxes of the site's users (RFC 6665, RFC 3842). */
export interface Subscriptions {
  /** The user whose mailbox a NOTIFY of this call is about; null for any other call. */
  userOf(callId: string): Extension | null
  /** We have ended the subscription of this call, and its last NOTIFY is ignored. */
  isLeaving(callId: string): boolean
  /** A NOTIFY with this Subscription-State has arrived. */
  notified(callId: string, state: string): void
  /** Ends all subscriptions; resolves when the server has answered, or after a second. */
  close(): Promise<void>
}

/** Between two first SUBSCRIBEs, so that the start of a node does not flood the server. */
const spacingMs: Milliseconds = 20
/** Timer N of RFC 6665 §4.1.2.4, by which the NOTIFY after the last SUBSCRIBE has arrived. */
const lastNotifyMs: Milliseconds = 32_000
/** A node that stops waits this long for the server. */
const farewellMs: Milliseconds = 1_000
/** Changes of this period are looked at together. */
const gatherMs: Milliseconds = 500

interface Subscription {
  callId: string
  /** Null: the next SUBSCRIBE begins another subscription. */
  dialog: MailboxDialog | null
  alarm: Alarm | null
  /** The server has ended the subscription, maybe before the response to its SUBSCRIBE (RFC 6665 §4.1.2.4). */
  isOver: boolean
  readonly pauses: ReturnType<typeof createPauses>
}

/**
 * Each mailbox is subscribed by one node of the user's home site. A subscription is refreshed in its dialog, and ended if the mailbox is no longer
 * ours or the node stops.
 */
export function createSubscriptions(needs: SubscriptionsNeeds): Subscriptions {
  const { srf, plan, directory, node, site, clock, log } = needs
  const requests = createMailboxRequests(needs)
  const all = new Map<Extension, Subscription>()
  const byCall = new Map<string, Extension>()
  /** Calls whose subscription we have ended. */
  const leaving = new Set<string>()
  let soon: Alarm | null = null
  let isClosed = false

  function ownUsers(): ReadonlySet<Extension> {
    if (!plan.current.voicemail?.isSubscribed) return new Set()
    const others = directory.nodes().flatMap((each) => (each.site === site && each.name !== node ? [each.name] : []))
    const names = [...others, node].toSorted()
    const users = directory.users().filter(({ home, voicemail }) => home === site && voicemail !== 'none')
    return new Set(users.flatMap(({ extension }) => (ownerOf(extension, names) === node ? [extension] : [])))
  }

  function follow(): void {
    soon = null
    const own = ownUsers()
    for (const [extension, { alarm, callId, dialog }] of all) {
      if (own.has(extension)) continue
      alarm?.cancel()
      all.delete(extension)
      byCall.delete(callId)
      if (dialog) void leave(callId, dialog)
    }
    const added = [...own].filter((extension) => !all.has(extension))
    for (const [index, extension] of added.entries()) {
      const subscription: Subscription = { callId: '', dialog: null, alarm: null, isOver: false, pauses: createPauses() }
      all.set(extension, subscription)
      next(extension, subscription, (index + 1) * spacingMs)
    }
  }

  function next(extension: Extension, subscription: Subscription, afterMs: Milliseconds): void {
    subscription.alarm?.cancel()
    if (!isClosed) subscription.alarm = clock.after(afterMs, () => void subscribe(extension, subscription))
  }

  async function subscribe(extension: Extension, subscription: Subscription): Promise<void> {
    const { dialog } = subscription
    if (dialog) return refresh(extension, subscription, dialog)
    const callId = `${crypto.randomUUID()}@${node}`
    byCall.delete(subscription.callId)
    byCall.set(callId, extension)
    subscription.callId = callId
    subscription.isOver = false
    const found = await requests.begin(extension, callId)
    // Another SUBSCRIBE has been sent meanwhile, or the mailbox is no longer ours.
    if (subscription.callId !== callId || all.get(extension) !== subscription) return void (found?.dialog && leave(callId, found.dialog))
    if (subscription.isOver) return
    const reply = found?.reply
    if (reply && reply.status >= 200 && reply.status < 300) {
      subscription.dialog = found.dialog
      subscription.pauses.succeeded()
      return next(extension, subscription, grantedMs(reply, wantedSeconds) * 0.75)
    }
    const pauseMs = subscription.pauses.failed(reply ? retryAfterMs(reply) : 0)
    const line = { event: 'messages.unsubscribed', extension, status: reply?.status ?? 0, seconds: Math.round(pauseMs / 1_000) } as const
    log.warn(line, `the mailbox of ${extension} is not subscribed: ${reply?.status ?? 'no server'}`)
    next(extension, subscription, pauseMs)
  }

  /** RFC 6665 §4.1.2.2: after a failure the subscription ends by itself, or has ended; another one takes its place. */
  async function refresh(extension: Extension, subscription: Subscription, dialog: MailboxDialog): Promise<void> {
    const reply = await requests.refresh(dialog)
    if (subscription.dialog !== dialog || all.get(extension) !== subscription) return
    const isRefreshed = reply.status >= 200 && reply.status < 300
    if (!isRefreshed) subscription.dialog = null
    next(extension, subscription, isRefreshed ? grantedMs(reply, wantedSeconds) * 0.75 : spacingMs)
  }

  /** The last NOTIFY is still to come. */
  function leave(callId: string, dialog: MailboxDialog): Promise<unknown> {
    leaving.add(callId)
    if (!isClosed) clock.after(lastNotifyMs, () => leaving.delete(callId))
    return requests.end(dialog)
  }

  function again(): void {
    for (const [extension, subscription] of all) {
      subscription.dialog = null
      next(extension, subscription, spacingMs)
    }
  }

  // An import changes many users: they are looked through once.
  const followSoon = (): void => {
    soon ??= clock.after(gatherMs, follow)
  }
  const stops = [
    directory.onUserChange(followSoon),
    directory.onNodeChange(followSoon),
    plan.onChange(followSoon),
    srf.onReconnected(again),
  ]
  follow()
  return {
    userOf: (callId) => byCall.get(callId) ?? null,
    isLeaving: (callId) => leaving.has(callId),
    notified(callId, state) {
      const extension = byCall.get(callId)
      const subscription = extension && all.get(extension)
      const afterMs = subscription ? afterEnd(state, subscription.pauses) : null
      if (!extension || !subscription || afterMs === null) return
      subscription.dialog = null
      subscription.isOver = true
      next(extension, subscription, afterMs)
    },
    async close() {
      isClosed = true
      soon?.cancel()
      for (const stop of stops) stop()
      for (const { alarm } of all.values()) alarm?.cancel()
      const ended = [...all.values()].flatMap(({ callId, dialog }) => (dialog ? [leave(callId, dialog)] : []))
      if (ended.length === 0) return
      await new Promise<void>((resolve) => {
        const late = clock.after(farewellMs, resolve)
        void Promise.allSettled(ended).then(() => {
          late.cancel()
          resolve()
        })
      })
    },
  }
}
