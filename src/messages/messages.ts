import { messageOf } from '../base/errors.js'
import type { Extension } from '../base/identity.js'
import { keptEvents } from '../hotdesk/hotdesk.js'
import type { IncomingRequest, SipApplication } from '../srf/srf.js'
import type { Store } from '../store/store.js'
import type { Trunks } from '../trunks/trunks.js'
import { messagesKey } from './lamp/mailbox-state.js'
import { createMailboxOwners } from './mailbox-owner.js'
import { type MessageSummary, parseMessageSummary } from './message-summary.js'
import { createSubscriptions, type SubscriptionsNeeds } from './subscriptions.js'

export { createMessageLamps } from './lamp/message-lamps.js'

export interface MessagesNeeds extends SubscriptionsNeeds {
  readonly srf: Pick<SipApplication, 'onRequest' | 'request' | 'onReconnected'>
  readonly trunks: Pick<Trunks, 'trunkOf' | 'outgoing'>
  readonly store: Pick<Store, 'replica' | 'replaceHash' | 'remove' | 'append'>
}

interface Report {
  readonly extension: Extension
  readonly summary: MessageSummary
}

/** Keeps the number of voice messages of each user in Redis, as the voicemail server reports it. */
export interface Messages {
  close(): Promise<void>
}

/**
 * Takes NOTIFY of the site's voicemail server, in a subscription of ours or outside one: many servers are configured to send them unasked. Any
 * other NOTIFY that belongs to no call gets 481.
 */
export function createMessages(needs: MessagesNeeds): Messages {
  const { srf, trunks, plan, directory, store, node, log } = needs
  const owners = createMailboxOwners({ directory, plan })
  const subscriptions = createSubscriptions(needs)
  const offUserChange = directory.onUserChange((extension) => {
    if (directory.user(extension) === null && store.replica.hash(messagesKey(extension)) !== undefined)
      keep(store.remove(messagesKey(extension)))
  })

  function take(request: IncomingRequest): void {
    if (isFromServer(request)) subscriptions.notified(request.callId, request.header('Subscription-State'))
    const report = reportIn(request)
    request.respond(typeof report === 'number' ? report : 200)
    if (typeof report !== 'number') record(report)
  }

  /** Else the status of the response. */
  function reportIn(request: IncomingRequest): Report | number {
    if (!isFromServer(request)) return 481
    if (subscriptions.isLeaving(request.callId)) return 200
    const subscriber = subscriptions.userOf(request.callId)
    // The last NOTIFY of a subscription, or the first one of a server that does not know the state yet, may have no body.
    if (subscriber !== null && request.body === '') return 200
    const summary = parseMessageSummary(request.body)
    if (summary === null) return 400
    const extension = subscriber ?? owners.ownerOf([summary.account, request.uri, request.header('To')])
    return extension === null ? 404 : { extension, summary }
  }

  function isFromServer(request: IncomingRequest): boolean {
    const [event] = request.header('Event').split(';', 1)
    const server = plan.current.voicemail?.trunk.name
    return event?.trim().toLowerCase() === 'message-summary' && server !== undefined && trunks.trunkOf(request)?.name === server
  }

  function record({ extension, summary }: Report): void {
    const fields = fieldsOf(summary)
    const present = store.replica.hash(messagesKey(extension))
    if (
      present &&
      present.size === Object.keys(fields).length &&
      Object.entries(fields).every(([name, text]) => present.get(name) === text)
    )
      return
    log.info({ event: 'messages.changed', extension, ...fields }, `messages of ${extension}: ${fields.waiting}`)
    keep(store.replaceHash(messagesKey(extension), fields))
    keep(store.append('events', { event: 'messages', user: extension, ...fields, node }, keptEvents))
  }

  function keep(write: Promise<void>): void {
    write.catch((fault: unknown) => log.warn({ event: 'store.lost', cause: messageOf(fault) }, 'the number of messages was not written'))
  }

  srf.onRequest('NOTIFY', take)
  return {
    close() {
      offUserChange()
      return subscriptions.close()
    },
  }
}

function fieldsOf({ isWaiting, voice }: MessageSummary): Readonly<Record<string, string>> & { readonly waiting: string } {
  return { waiting: isWaiting ? 'yes' : 'no', ...(voice ? { new: String(voice.new), old: String(voice.old) } : {}) }
}
