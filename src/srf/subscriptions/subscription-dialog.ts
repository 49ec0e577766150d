import type { Clock } from '../../base/clock.js'
import { parseExpires } from '../../sip/headers/expires.js'
import type { FarEnd, IncomingRequest, ResponseParts, SipHeaders, SipReply, SubscriptionDialog } from '../contract.js'
import type { Drachtio, DrachtioMessage, DrachtioRequest } from '../drachtio.js'
import { headersOf, withReplaced } from '../headers.js'
import type { Connection } from '../link/connection.js'
import { localReply, toIncomingRequest, toReply, toSource } from '../messages.js'
import { type SavedSubscription, sequenceOf, targetOf } from './saved-subscription.js'

/** The dialog, as it is at the far end of our own link. */
export interface Subscription extends SubscriptionDialog {
  /** A SUBSCRIBE in the dialog has arrived. */
  received(raw: DrachtioRequest): void
}

export interface SubscriptionDialogParts {
  readonly drachtio: Drachtio
  readonly connection: Connection
  readonly clock: Clock
  readonly id: string
  readonly saved: SavedSubscription
  readonly farEnd: FarEnd | null
  /** Called once, when the dialog is forgotten. */
  readonly ended: () => void
}

/** The Request-URI of drachtio-srf in dialogs: the SIP server knows the remote target. */
const remoteTarget = 'sip:placeholder'

/** The far end has not proved itself, so where its request came from shows nothing. */
const refusesSender: ReadonlySet<number> = new Set([401, 403, 407])

/** RFC 6665 §4.2.1, §4.2.2 */
export function createSubscriptionDialog(parts: SubscriptionDialogParts): Subscription {
  const { drachtio, connection, clock, id, farEnd } = parts
  let saved = parts.saved
  let onSubscribe: ((request: IncomingRequest) => void | Promise<void>) | null = null
  let isEnded = false
  /** The latest NOTIFY: each waits for the response to the one before, so that none overtakes another. */
  let latest: Promise<unknown> = Promise.resolve()
  const unfollow = farEnd && connection.follow(id, farEnd)
  const unwatch = connection.onLost(end)

  function end(): void {
    if (isEnded) return
    isEnded = true
    unwatch()
    unfollow?.()
    parts.ended()
  }

  function send(headers: SipHeaders, body: string): Promise<SipReply> {
    if (isEnded) return Promise.resolve(localReply(481, 'Subscription Has Ended'))
    const notify = {
      uri: remoteTarget,
      method: 'NOTIFY',
      stackDialogId: id,
      headers: headersOf(body, withReplaced({ Event: saved.event }, headers)),
      body,
    }
    return connection.settle((done) => {
      drachtio.request(notify, (fault, request) => {
        // The SIP server no longer knows the dialog.
        if (fault) return done(localReply(481, fault.message))
        saved = { ...saved, localSeq: sequenceOf({ header: (name) => request.get(name) ?? '' }), at: clock.now() }
        request.on('response', (response: DrachtioMessage) => {
          if (response.status >= 200) done(toReply(response))
        })
      })
    })
  }

  /** A far end that is silent may be elsewhere by now (RFC 5626 §5.3). */
  async function sendFollowing(headers: SipHeaders, body: string): Promise<SipReply> {
    const before = farEnd?.hop()
    const reply = await send(headers, body)
    if (!farEnd || reply.madeHere !== 'server' || reply.status === 481) return reply
    farEnd.silent()
    return farEnd.hop() === before ? reply : send(headers, body)
  }

  /** Our response to a SUBSCRIBE. A refresh moves the remote target (RFC 6665 §4.1.2.2 with RFC 3261 §12.2.2). */
  function responding(raw: DrachtioRequest, status: number, given: ResponseParts | undefined): ResponseParts | undefined {
    if (status < 200) return given
    if (!refusesSender.has(status)) farEnd?.heard(toSource(raw))
    if (status >= 300) return given
    const header = (name: string): string => raw.get(name) ?? ''
    const requested = parseExpires(header('Expires'))
    const granted = parseExpires(expiresIn(given?.headers)) ?? requested ?? 0
    const seconds = Math.min(granted, requested ?? granted)
    saved = {
      ...saved,
      target: targetOf({ header }) ?? saved.target,
      remoteSeq: sequenceOf({ header }),
      until: clock.now() + seconds * 1_000,
    }
    return { ...given, headers: withReplaced(given?.headers ?? {}, { Expires: String(seconds) }) }
  }

  function deliver(raw: DrachtioRequest): void {
    const request = toIncomingRequest(raw, (status, given) => responding(raw, status, given))
    // RFC 6665 §4.5.2: another subscription begins outside this dialog.
    if (!isSameEvent(request.header('Event'), saved.event)) request.respond(489)
    else if (isEnded || !onSubscribe) request.respond(481)
    else {
      const listener = onSubscribe
      connection.guard(
        'SUBSCRIBE in its dialog',
        () => listener(request),
        () => request.respond(500),
      )
    }
  }

  return {
    id,
    get saved() {
      return JSON.stringify(saved)
    },
    notify({ headers, body }) {
      const reply = latest.then(() => sendFollowing(headers, body))
      latest = reply
      return reply
    },
    onSubscribe(listener) {
      onSubscribe = listener
    },
    end,
    received(raw) {
      // Code that awaits this dialog adds its listener before the next turn of the event loop.
      if (onSubscribe) deliver(raw)
      else setImmediate(() => deliver(raw))
    },
  }
}

function expiresIn(headers: SipHeaders = {}): string {
  const [, value = ''] = Object.entries(headers).find(([name]) => name.toLowerCase() === 'expires') ?? []
  return String(value)
}

/** The package and the `id` are the same (RFC 6665 §8.2.1). */
function isSameEvent(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => {
    const [name = '', ...params] = text.split(';').map((word) => word.trim())
    return [name.toLowerCase(), params.find((param) => /^id\s*=/i.test(param))?.replace(/^id\s*=\s*/i, '') ?? ''].join(';')
  })
  return a === b
}
