import { messageOf } from '../base/errors.js'
import type { DialogEnd, FarEnd, IncomingRequest, ReinviteReply, SipDialog, SipHeaders, SipSource } from './contract.js'
import type { CallCredentials } from './credentials.js'
import { carriesDescriptions, createDescriptions } from './descriptions.js'
import type { DrachtioAck, DrachtioDialog, DrachtioMessage, DrachtioRequest } from './drachtio.js'
import { flattenHeaders, withReplaced } from './headers.js'
import type { Connection } from './link/connection.js'
import { localReply, toIncomingRequest, toReply, toSource } from './messages.js'
import { createSessionTimer, type SessionTerms } from './session.js'
import { createTurns } from './turns.js'

/** The events of drachtio-srf for requests in a dialog. `modify` is a re-INVITE; `unsubscribe` a SUBSCRIBE with `Expires: 0` that has got 202. */
const requestEvents = ['modify', 'info', 'update', 'refer', 'notify', 'message', 'options', 'subscribe', 'unsubscribe'] as const

/** The responses without a listener. */
const defaultStatus: Readonly<Record<string, number>> = { OPTIONS: 200, NOTIFY: 200, INFO: 200, MESSAGE: 200, REFER: 603, SUBSCRIBE: 489 }

/** The far end has not proved itself, so where its request came from shows nothing. */
const refusesSender: ReadonlySet<number> = new Set([401, 403, 407])

/** INFO carries a key or a request for a key frame, some hundred characters. */
const longestInfo = 1_024

export interface DialogTerms {
  /** Where the far end is. */
  readonly began: SipSource | null
  /** The session timer. */
  readonly agreed?: SessionTerms | undefined
  /** For challenges of the far end. */
  readonly credentials?: CallCredentials | undefined
  /** Locates the far end. */
  readonly farEnd?: FarEnd | null | undefined
  /** The session description that the far end has got. */
  readonly description: string
}

/**
 * Wraps a new dialog. To be called in the callback that delivers the dialog: then no request that follows at once is missed. Requests and the
 * end of the dialog wait for a listener.
 */
export function wrapDialog(
  dialog: DrachtioDialog,
  connection: Connection,
  { began, agreed, credentials, farEnd = null, description: first }: DialogTerms,
): SipDialog {
  const unfollow = farEnd && connection.follow(dialog.id, farEnd)
  const timer = createSessionTimer(agreed)
  const end = createOnce<DialogEnd>((notify) => connection.guard('end of a dialog', notify))
  const onAck: ((sdp: string) => void | Promise<void>)[] = []
  const descriptions = createDescriptions(first)
  const turns = createTurns()
  let onRequest: ((request: IncomingRequest) => void | Promise<void>) | null = null

  const forget = connection.onLost(() => {
    dialog.srf.removeDialog(dialog)
    end.happen({ by: 'server', reason: 'SIP server lost' })
  })
  end.listen(() => {
    forget()
    unfollow?.()
  })

  dialog.on('destroy', (bye: DrachtioRequest, reason?: string) => {
    const byServer = reason !== undefined && reason !== 'normal release'
    end.happen({ by: byServer ? 'server' : 'far end', reason: bye.get('Reason') ?? '' })
  })
  dialog.on('ack', (request: DrachtioMessage) => {
    const answer = descriptions.acknowledged(request.body ?? '')
    for (const listener of onAck) connection.guard('ACK', () => listener(answer))
  })
  for (const event of requestEvents) dialog.on(event, (request: DrachtioRequest) => arrived(request))

  function arrived(raw: DrachtioRequest): void {
    turns.arrived(raw)
    const request = toIncomingRequest(raw, (status, given) => {
      turns.responded(raw, status)
      if (status >= 200 && !refusesSender.has(status)) farEnd?.heard(toSource(raw))
      const parts = isSuccess(status) ? descriptions.respond(raw, given) : given
      return timer.completed(raw.method, request, { status, parts })
    })
    if (request.method === 'INFO' && request.body.length > longestInfo) {
      request.respond(413)
      return
    }
    const deliver = (): void => {
      if (!onRequest) {
        request.respond(defaultStatus[request.method] ?? 488)
        return
      }
      // Without a response, an INVITE would hold up every later one.
      connection.guard(
        'in-dialog request',
        () => onRequest?.(request),
        () => request.respond(500),
      )
    }
    // Code that awaits this dialog adds its listener before the next turn of the event loop.
    if (onRequest) deliver()
    else setImmediate(deliver)
  }

  async function send(method: string, headers: SipHeaders | undefined, given: string | undefined): Promise<ReinviteReply> {
    const isOffer = given !== undefined && given !== '' && carriesDescriptions(method)
    const body = isOffer ? descriptions.offer(given) : given
    const first = await authenticated({ method, headers, body })
    const reply = timer.lengthens(method, first) ? await authenticated({ method, headers, body }) : first
    if (!isOffer || !isSuccess(reply.status)) return reply
    descriptions.accepted(body ?? '')
    return { ...reply, body: descriptions.answered(reply.body, given) }
  }

  /** Sends a request, and again with credentials if it is challenged; the SIP server increments CSeq (RFC 3261 §22.2). */
  async function authenticated(request: DialogRequest): Promise<ReinviteReply> {
    const challenges = credentials?.begin()
    for (let proof: SipHeaders = {}; ; ) {
      const { reply, uri } = await attempt({ ...request, headers: withReplaced(request.headers ?? {}, proof) })
      const next = uri === null ? null : challenges?.headersFor(reply, { method: request.method, uri, body: request.body ?? '' })
      if (!next) return reply
      proof = next
    }
  }

  function attempt({ method, headers, body }: DialogRequest): Promise<Attempt> {
    if (method !== 'BYE' && end.happened()) return Promise.resolve({ reply: localReply(481, 'Dialog Has Ended'), uri: null })
    let uri: string | null = null
    const settled = connection.settle<ReinviteReply>((done) => {
      const parts = { method, headers: flattenHeaders(timer.headersOf(method, headers)), ...(body ? { body } : {}), noAck: true }
      dialog.request(parts, (fault, response, acknowledge) => {
        // The SIP server no longer knows the dialog: it has ended.
        if (fault) return done(localReply(481, messageOf(fault), method === 'BYE' ? 'link' : 'server'))
        if (response.status < 200) return
        uri = response.req.uri
        const reply = toReply(response)
        timer.heard(method, reply)
        if (reply.madeHere === 'server') farEnd?.silent()
        done(acknowledge ? { ...reply, ack: acknowledgement(acknowledge, reply.body) } : reply)
      })
    })
    return settled.then((reply) => ({ reply, uri }))
  }

  function acknowledgement(acknowledge: DrachtioAck, offer: string): (sdp: string) => void {
    return (sdp) => acknowledge({ body: descriptions.answer(sdp, offer) })
  }

  const { callId, localTag, remoteTag } = dialog.sip
  return {
    callId,
    localTag,
    remoteTag,
    began,
    createdBy: dialog.type === 'uac' ? 'us' : 'far end',
    get description() {
      return descriptions.latest
    },
    get ended() {
      return end.happened() || !dialog.connected
    },
    continueSession: descriptions.continueSession,
    onEnd: end.listen,
    onRequest(listener) {
      onRequest = listener
    },
    onAck: (listener) => void onAck.push(listener),
    request: (method, parts) => turns.send({ method, body: parts?.body }, () => send(method, parts?.headers, parts?.body)),
    reinvite: (sdp, headers) => turns.send({ method: 'INVITE' }, () => send('INVITE', headers, sdp ?? undefined)),
    async bye(headers) {
      if (end.happened()) return
      end.silence()
      const reply = await authenticated({ method: 'BYE', headers })
      // Without a response the far end is gone too; either way the dialog is over.
      if (reply.madeHere === 'server') connection.undelivered('BYE', callId, reply)
      forget()
      unfollow?.()
    },
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

interface DialogRequest {
  readonly method: string
  readonly headers?: SipHeaders | undefined
  readonly body?: string | undefined
}

interface Attempt {
  readonly reply: ReinviteReply
  /** The Request-URI as it was sent; null without a response. */
  readonly uri: string | null
}

/** An event that happens once. Listeners that come late get it too. */
function createOnce<Value>(guard: (notify: () => void | Promise<void>) => void) {
  let event: { value: Value } | null = null
  let silent = false
  const listeners: ((value: Value) => void | Promise<void>)[] = []
  return {
    happened: () => event !== null || silent,
    happen(value: Value) {
      if (event || silent) return
      event = { value }
      for (const listener of listeners.splice(0)) guard(() => listener(value))
    },
    listen(listener: (value: Value) => void | Promise<void>) {
      const past = event
      if (past) guard(() => listener(past.value))
      else listeners.push(listener)
    },
    /** For our own action: listeners are not notified. */
    silence() {
      silent = true
      listeners.length = 0
    },
  }
}
