import type { Alarm, Clock, Milliseconds } from '../base/clock.js'
import type { Extension, NodeName, SiteName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { LivePlan } from '../dialplan/dialplan.js'
import type { Directory } from '../directory/directory.js'
import type { SipApplication, SipReply } from '../srf/srf.js'
import type { Trunks } from '../trunks/trunks.js'
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
  /** A NOTIFY with this Subscription-State has arrived. */
  notified(callId: string, state: string): void
  close(): void
}

/** What we ask for. The server may grant less. */
const wantedSeconds = 3_600
/** Between two first SUBSCRIBEs, so that the start of a node does not flood the server. */
const spacingMs: Milliseconds = 20
/** Changes of this period are looked at together. */
const gatherMs: Milliseconds = 500

interface Subscription {
  callId: string
  alarm: Alarm | null
  readonly pauses: ReturnType<typeof createPauses>
}

/**
 * Each mailbox is subscribed by one node of the user's home site. Before a subscription expires, a new one takes its place. The old one ends by
 * itself (RFC 6665 §4.2.1.4); its NOTIFYs until then are taken like those of a server that sends them unasked.
 */
export function createSubscriptions(needs: SubscriptionsNeeds): Subscriptions {
  const { srf, trunks, plan, directory, node, site, clock, log } = needs
  const all = new Map<Extension, Subscription>()
  const byCall = new Map<string, Extension>()
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
    for (const [extension, { alarm, callId }] of all) {
      if (own.has(extension)) continue
      alarm?.cancel()
      all.delete(extension)
      byCall.delete(callId)
    }
    const added = [...own].filter((extension) => !all.has(extension))
    for (const [index, extension] of added.entries()) {
      const subscription: Subscription = { callId: '', alarm: null, pauses: createPauses() }
      all.set(extension, subscription)
      next(extension, subscription, (index + 1) * spacingMs)
    }
  }

  function next(extension: Extension, subscription: Subscription, afterMs: Milliseconds): void {
    subscription.alarm?.cancel()
    if (!isClosed) subscription.alarm = clock.after(afterMs, () => void subscribe(extension, subscription))
  }

  async function subscribe(extension: Extension, subscription: Subscription): Promise<void> {
    const callId = `${crypto.randomUUID()}@${node}`
    byCall.delete(subscription.callId)
    byCall.set(callId, extension)
    subscription.callId = callId
    const reply = await send(extension, callId)
    // Another SUBSCRIBE has been sent meanwhile, or the mailbox is no longer ours.
    if (subscription.callId !== callId || all.get(extension) !== subscription) return
    if (reply && reply.status >= 200 && reply.status < 300) {
      subscription.pauses.succeeded()
      return next(extension, subscription, grantedMs(reply, wantedSeconds) * 0.75)
    }
    const pauseMs = subscription.pauses.failed(reply ? retryAfterMs(reply) : 0)
    const line = { event: 'messages.unsubscribed', extension, status: reply?.status ?? 0, seconds: Math.round(pauseMs / 1_000) } as const
    log.warn(line, `the mailbox of ${extension} is not subscribed: ${reply?.status ?? 'no server'}`)
    next(extension, subscription, pauseMs)
  }

  async function send(extension: Extension, callId: string): Promise<SipReply | null> {
    const server = plan.current.voicemail
    if (!server) return null
    const party = { name: '', number: extension, isPrivate: false, isAsserted: false }
    const { uri, parts } = trunks.outgoing(server.trunk, server.mailbox(extension), party, plan.current)
    const address = `<${uri.split(';', 1)[0] ?? uri}>`
    const event = { Event: 'message-summary', Accept: 'application/simple-message-summary', Expires: String(wantedSeconds) }
    return srf.request('SUBSCRIBE', uri, { ...parts, headers: { From: address, To: address, 'Call-ID': callId, ...event } })
  }

  function again(): void {
    for (const [extension, subscription] of all) next(extension, subscription, spacingMs)
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
    notified(callId, state) {
      const extension = byCall.get(callId)
      const subscription = extension && all.get(extension)
      const afterMs = subscription ? afterEnd(state, subscription.pauses) : null
      if (extension && subscription && afterMs !== null) next(extension, subscription, afterMs)
    },
    close() {
      isClosed = true
      soon?.cancel()
      for (const stop of stops) stop()
      for (const { alarm } of all.values()) alarm?.cancel()
    },
  }
}
