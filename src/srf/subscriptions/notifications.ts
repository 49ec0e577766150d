import type { Alarm, Clock, Milliseconds } from '../../base/clock.js'
import type { SipHeaders, SipReply, SubscriptionDialog } from '../contract.js'
import { endsSubscription } from './notify-outcome.js'

/** Why we end a subscription (RFC 6665 §4.1.3). After `deactivated` the phone subscribes again at once, and is judged anew. */
export type EndReason = 'deactivated' | 'rejected' | 'timeout' | 'noresource'

/** What a subscription reports. */
export interface NotifiedState {
  /** Whether there is news since the latest body. */
  hasChanged(): boolean
  /** The body of the next NOTIFY. `all`: the full state, which follows every SUBSCRIBE. Null: there is nothing to report any more. */
  next(what: 'all' | 'news'): NotifyBody | null
}

export interface NotifyBody {
  readonly type: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** The NOTIFYs of a subscription, one after the other. */
export interface Notifications {
  /** In epoch milliseconds. */
  until: Milliseconds
  /** Sends the full state: a SUBSCRIBE was accepted. */
  restate(): void
  /** Sends what has changed. */
  look(): void
  /** The phone can be reached again: a NOTIFY that waits for its next attempt is sent now. */
  resume(): void
  /** Sends the last NOTIFY; does nothing after it. */
  end(reason: EndReason): void
  /** Without a NOTIFY. */
  drop(): void
}

export interface NotificationsParts {
  readonly dialog: Pick<SubscriptionDialog, 'notify' | 'end'>
  readonly state: NotifiedState
  readonly until: Milliseconds
  readonly clock: Clock
  /** After each response to a NOTIFY. */
  readonly onReply: (reply: SipReply) => void
  /** Called once. */
  readonly onEnd: () => void
}

/** Pauses after NOTIFYs without success, until one has it. Then the phone gets what is true by then. */
const pauses: readonly Milliseconds[] = [2_000, 5_000, 15_000]
const longestPauseMs: Milliseconds = 60_000

/**
 * While a NOTIFY waits for its response, changes gather: the next one has the latest state. So a phone that is slow gets few of them, and never
 * an old state after a new one.
 */
export function createNotifications({ dialog, state, until, clock, onReply, onEnd }: NotificationsParts): Notifications {
  let wanted: 'nothing' | 'news' | 'all' = 'nothing'
  let isSending = false
  let last: EndReason | null = null
  let isOver = false
  let failures = 0
  let retry: Alarm | null = null

  async function send(): Promise<void> {
    if (isSending || isOver || retry !== null) return
    isSending = true
    while (!isOver && retry === null && (wanted !== 'nothing' || last !== null)) await sendNext()
    isSending = false
  }

  async function sendNext(): Promise<void> {
    const what = wanted === 'all' ? 'all' : 'news'
    wanted = 'nothing'
    const reason = last
    const body = reason === null ? state.next(what) : null
    if (body === null) return leave(reason ?? 'noresource')
    const reply = await notify({ ...body.headers, 'Content-Type': body.type, 'Subscription-State': activeState() }, body.body)
    onReply(reply)
    if (reply.status >= 200 && reply.status < 300) failures = 0
    // The phone has not seen this state.
    else if (endsSubscription(reply)) drop()
    else tryLater()
  }

  async function leave(reason: EndReason): Promise<void> {
    isOver = true
    retry?.cancel()
    onEnd()
    // The phone has ended it, or has asked for the state alone (RFC 6665 §4.4.3). After another reason the state is not for this phone.
    const body = reason === 'timeout' ? state.next('all') : null
    const headers = body === null ? {} : { ...body.headers, 'Content-Type': body.type }
    await notify({ ...headers, 'Subscription-State': `terminated;reason=${reason}` }, body?.body ?? '')
    dialog.end()
  }

  function activeState(): string {
    return `active;expires=${Math.max(0, Math.round((notifications.until - clock.now()) / 1_000))}`
  }

  function notify(headers: SipHeaders, body: string): Promise<SipReply> {
    return dialog.notify({ headers, body })
  }

  function tryLater(): void {
    if (isOver) return
    wanted = 'all'
    const pauseMs = pauses[failures] ?? longestPauseMs
    failures += 1
    retry = clock.after(pauseMs, () => {
      retry = null
      void send()
    })
  }

  function cancelRetry(): void {
    retry?.cancel()
    retry = null
  }

  function drop(): void {
    if (isOver) return
    isOver = true
    retry?.cancel()
    dialog.end()
    onEnd()
  }

  const notifications: Notifications = {
    until,
    restate() {
      wanted = 'all'
      // At once (RFC 6665 §4.2.1.2): the phone waits for it, and has just shown where it is.
      cancelRetry()
      void send()
    },
    look() {
      if (wanted !== 'all' && !state.hasChanged()) return
      if (wanted === 'nothing') wanted = 'news'
      void send()
    },
    resume() {
      if (retry === null) return
      cancelRetry()
      void send()
    },
    end(reason) {
      last ??= reason
      cancelRetry()
      void send()
    },
    drop,
  }
  return notifications
}
