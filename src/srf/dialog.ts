import { messageOf } from '../base/errors.js'
import type { Connection } from './connection.js'
import type { DialogEnd, FarEnd, IncomingRequest, ReinviteReply, SipDialog, SipHeaders } from './contract.js'
import type { CallCredentials } from './credentials.js'
import type { DrachtioDialog, DrachtioMessage, DrachtioRequest } from './drachtio.js'
import { again, flattenHeaders } from './headers.js'
import { localReply, toIncomingRequest, toReply, toSource } from './messages.js'
import { createSessionTimer, type SessionTerms } from './session.js'

/** In-dialog requests as drachtio-srf names them; `modify` is a re-INVITE. */
const requestEvents = ['modify', 'info', 'update', 'refer', 'notify', 'message', 'options', 'subscribe'] as const

/** What a request gets that nobody listens for. */
const defaultStatus: Readonly<Record<string, number>> = { OPTIONS: 200, NOTIFY: 200, INFO: 200, MESSAGE: 200, REFER: 603, SUBSCRIBE: 489 }

/** What INFO carries in a call, a key or a request for a picture, has some hundred characters. */
const longestInfo = 1_024

export interface DialogTerms {
  /** The session timer, which every INVITE and UPDATE in the dialog carries on. */
  readonly agreed?: SessionTerms | undefined
  /** Answers challenges of the far end. */
  readonly credentials?: CallCredentials | undefined
  /** Who is followed. */
  readonly farEnd?: FarEnd | null | undefined
}

/**
 * Wraps a dialog in the very callback that brings it, so that nothing that arrives right behind is missed; what comes
 * before the user has a listener is kept for them.
 */
export function wrapDialog(
  dialog: DrachtioDialog,
  connection: Connection,
  { agreed, credentials, farEnd = null }: DialogTerms = {},
): SipDialog {
  const unfollow = farEnd && connection.follow(dialog.id, farEnd)
  const timer = createSessionTimer(agreed)
  const end = createOnce<DialogEnd>((tell) => connection.guard('end of a dialog', tell))
  const onAck: ((sdp: string) => void | Promise<void>)[] = []
  let onRequest: ((request: IncomingRequest) => void | Promise<void>) | null = null

  const forget = connection.onLost(() => {
    dialog.srf.removeDialog(dialog)
    end.happen({ by: 'server', reason: 'SIP server lost' })
  })
  end.tell(() => {
    forget()
    unfollow?.()
  })

  dialog.on('destroy', (bye: DrachtioRequest, reason?: string) => {
    const byServer = reason !== undefined && reason !== 'normal release'
    end.happen({ by: byServer ? 'server' : 'far end', reason: bye.get('Reason') ?? '' })
  })
  dialog.on('ack', (request: DrachtioMessage) => {
    for (const listener of onAck) connection.guard('ACK', () => listener(request.body ?? ''))
  })
  for (const event of requestEvents) dialog.on(event, (request: DrachtioRequest) => arrived(request))

  function arrived(raw: DrachtioRequest): void {
    farEnd?.heard(toSource(raw))
    const request = toIncomingRequest(raw, (status, parts) => timer.completed(raw.method, request, { status, parts }))
    if (request.method === 'INFO' && request.body.length > longestInfo) {
      request.respond(413)
      return
    }
    const deliver = (): void => {
      if (onRequest) connection.guard('in-dialog request', () => onRequest?.(request))
      else request.respond(defaultStatus[request.method] ?? 488)
    }
    // Whoever awaits this dialog runs before the next turn of the event loop.
    if (onRequest) deliver()
    else setImmediate(deliver)
  }

  async function send(method: string, headers: SipHeaders | undefined, body: string | undefined): Promise<ReinviteReply> {
    const answer = await prove({ method, headers, body })
    return timer.lengthens(method, answer) ? prove({ method, headers, body }) : answer
  }

  /** Sends a request, and again with credentials where the far end asks for them; the SIP server counts CSeq up (RFC 3261 §22.2). */
  async function prove(asked: Asked): Promise<ReinviteReply> {
    const challenges = credentials?.begin()
    for (let proof: SipHeaders = {}; ; ) {
      const { answer, uri } = await attempt({ ...asked, headers: again(asked.headers ?? {}, proof) })
      const next = uri === null ? null : challenges?.headersFor(answer, { method: asked.method, uri, body: asked.body ?? '' })
      if (!next) return answer
      proof = next
    }
  }

  function attempt({ method, headers, body }: Asked): Promise<Attempted> {
    if (method !== 'BYE' && end.happened()) return Promise.resolve({ answer: localReply(481, 'Dialog Has Ended'), uri: null })
    let uri: string | null = null
    const settled = connection.settle<ReinviteReply>((done) => {
      const parts = { method, headers: flattenHeaders(timer.headersOf(method, headers)), ...(body ? { body } : {}), noAck: true }
      dialog.request(parts, (fault, answer, acknowledge) => {
        // The SIP server does not know the dialog: it has ended meanwhile.
        if (fault) return done(localReply(481, messageOf(fault), method === 'BYE' ? 'link' : 'server'))
        if (answer.status < 200) return
        uri = answer.req.uri
        const plain = toReply(answer)
        timer.heard(method, plain)
        if (plain.madeHere === 'server') farEnd?.silent()
        done(acknowledge ? { ...plain, ack: (sdp) => acknowledge({ body: sdp }) } : plain)
      })
    })
    return settled.then((answer) => ({ answer, uri }))
  }

  return {
    callId: dialog.sip.callId,
    get ended() {
      return end.happened() || !dialog.connected
    },
    onEnd: end.tell,
    onRequest(listener) {
      onRequest = listener
    },
    onAck: (listener) => void onAck.push(listener),
    request: (method, parts) => send(method, parts?.headers, parts?.body),
    reinvite: (sdp, headers) => send('INVITE', headers, sdp ?? undefined),
    async bye(headers) {
      if (end.happened()) return
      end.silence()
      const answer = await prove({ method: 'BYE', headers })
      // Without an answer the far end is gone as well; either way nothing is left of the dialog.
      if (answer.madeHere === 'server') connection.undelivered('BYE', dialog.sip.callId, answer)
      forget()
      unfollow?.()
    },
  }
}

interface Asked {
  readonly method: string
  readonly headers?: SipHeaders | undefined
  readonly body?: string | undefined
}

interface Attempted {
  readonly answer: ReinviteReply
  /** Request-URI as it was sent; null if there was no response. */
  readonly uri: string | null
}

/** News that comes once: kept for the listener that is late. */
function createOnce<News>(guard: (tell: () => void | Promise<void>) => void) {
  let news: { value: News } | null = null
  let silent = false
  const listeners: ((value: News) => void | Promise<void>)[] = []
  return {
    happened: () => news !== null || silent,
    happen(value: News) {
      if (news || silent) return
      news = { value }
      for (const listener of listeners.splice(0)) guard(() => listener(value))
    },
    tell(listener: (value: News) => void | Promise<void>) {
      const late = news
      if (late) guard(() => listener(late.value))
      else listeners.push(listener)
    },
    /** We did it ourselves: nobody is told. */
    silence() {
      silent = true
      listeners.length = 0
    },
  }
}
