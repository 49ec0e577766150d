import type { Clock } from '../../base/clock.js'
import { errors, messageOf } from '../../base/errors.js'
import { parseExpires } from '../../sip/headers/expires.js'
import type { EventPackage, IncomingRequest, IncomingSubscribe, SipApplication, SubscriptionDialog } from '../contract.js'
import type { Drachtio, DrachtioRequest } from '../drachtio.js'
import { flattenHeaders } from '../headers.js'
import type { Connection } from '../link/connection.js'
import { toIncomingRequest } from '../messages.js'
import { begunDialog, dialogIdOf, restoredDialog } from './saved-subscription.js'
import { createSubscriptionDialog, type Subscription } from './subscription-dialog.js'

export interface SubscriptionsNeeds {
  readonly drachtio: Drachtio
  readonly connection: Connection
  readonly clock: Clock
  /** The SIP server can continue the dialog of another process. */
  readonly restores: boolean
}

/** Subscriptions at us (RFC 6665 §4.2). drachtio-srf knows none of their dialogs: it would send 202, and answer `Expires: 0` by itself. */
export interface Subscriptions extends Pick<SipApplication, 'onSubscribe' | 'restoreSubscription'> {
  /** A SUBSCRIBE that drachtio-srf has received. */
  received(raw: DrachtioRequest): void
  /** Whether the request is in the dialog of a subscription. */
  has(raw: DrachtioRequest): boolean
}

export function createSubscriptions({ drachtio, connection, clock, restores }: SubscriptionsNeeds): Subscriptions {
  const byDialog = new Map<string, Subscription>()
  const handlers = new Map<string, (subscribe: IncomingSubscribe) => void | Promise<void>>()

  function open(...[parts]: Parameters<typeof createSubscriptionDialog>): Subscription {
    const subscription = createSubscriptionDialog(parts)
    byDialog.set(parts.id, subscription)
    return subscription
  }

  /** To be called when the dialog of `id` ends, or the SIP server has lost it. */
  const forget = (id: string) => (): void => void byDialog.delete(id)

  function toIncomingSubscribe(raw: DrachtioRequest, request: IncomingRequest, event: string): IncomingSubscribe {
    const expires = parseExpires(request.header('Expires'))
    return Object.assign(request, {
      event,
      expires,
      accept: ({ expires: granted, headers, farEnd = null }: Parameters<IncomingSubscribe['accept']>[0]) =>
        new Promise<SubscriptionDialog>((resolve, reject) => {
          const fail = (why: string, fault?: unknown): void => reject(errors.SIP_SEND_FAILED.unanswered({ reason: why }, fault))
          const unwatch = connection.onLost(() => fail('SIP server lost'))
          // RFC 6665 §4.2.1.1: never longer than requested.
          const seconds = Math.min(granted, expires ?? granted)
          const parts = { headers: flattenHeaders({ ...headers, Expires: String(seconds) }) }
          raw.res.send(200, undefined, parts, (fault, sent) => {
            unwatch()
            if (fault || !sent) return fail(messageOf(fault), fault)
            const saved = begunDialog(request, sent, { seconds, now: clock.now() })
            const id = raw.res.stackDialogId || dialogIdOf(saved)
            // The phone has begun anew under the same Call-ID and From tag. The SIP server's id means the dialog that began last.
            byDialog.get(id)?.end()
            resolve(open({ drachtio, connection, clock, id, saved, farEnd, ended: forget(id) }))
          })
        }),
    })
  }

  /** A SUBSCRIBE outside a dialog. */
  function begin(raw: DrachtioRequest): void {
    const request = toIncomingRequest(raw)
    const event = packageOf(request.header('Event'))
    const handle = handlers.get(event)
    // RFC 6665 §4.2.1.1, §7.2. A 503, which the SIP server would send, makes a phone change to another server.
    if (!handle) request.respond(489, { headers: handlers.size > 0 ? { 'Allow-Events': [...handlers.keys()].join(', ') } : {} })
    // RFC 3261 §8.1.1.8
    else if (request.header('Contact') === '') request.respond(400, { reason: 'Missing Contact' })
    else {
      connection.guard(
        'SUBSCRIBE',
        () => handle(toIncomingSubscribe(raw, request, event)),
        () => request.respond(500),
      )
    }
  }

  return {
    received(raw) {
      const subscription = byDialog.get(raw.stackDialogId ?? '')
      if (subscription) subscription.received(raw)
      else begin(raw)
    },
    has: (raw) => byDialog.has(raw.stackDialogId ?? ''),
    onSubscribe: (event: EventPackage, handle) => void handlers.set(event, handle),
    restoreSubscription(text, farEnd = null) {
      const saved = restores ? restoredDialog(text, clock.now()) : null
      if (!saved || !connection.connected) return null
      connection.restore(saved)
      const id = dialogIdOf(saved)
      return open({ drachtio, connection, clock, id, saved, farEnd, ended: forget(id) })
    },
  }
}

function packageOf(event: string): string {
  return (event.split(';', 1)[0] ?? '').trim().toLowerCase()
}
