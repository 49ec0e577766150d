import type { Secret } from '../../../src/base/secret.js'
import { newCallId, newTag } from '../../../src/sip/ids.js'
import type { SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import { createRawPhone, credentialsFor } from './raw-phone.js'
import { type HeaderList, openUdpPeer, type SipPeer } from './sip-peer.js'

/** A phone that watches lamps: it subscribes, and answers each NOTIFY. */
export interface Watcher {
  readonly peer: SipPeer
  /** Answers a challenge. Gives the final response. */
  subscribe(name: string, parts?: SubscribeParts): Promise<Watch>
  close(): Promise<void>
}

export interface SubscribeParts {
  readonly event?: string
  readonly accept?: string
  readonly expires?: number
  readonly headers?: HeaderList
}

export interface Watch {
  readonly final: SipResponse
  readonly callId: string
  /** The next NOTIFY of this subscription. It gets 200. */
  next(): Promise<SipRequest>
  /** Its state in the next NOTIFY that shows one of these, such as `early`; those before are passed over. */
  shows(...wanted: readonly string[]): Promise<SipRequest>
  /** A SUBSCRIBE in the dialog. */
  again(expires: number): Promise<SipResponse>
}

export interface WatcherParts {
  readonly device: string
  readonly password: Secret
  readonly domain: string
  readonly port: number
}

/** Registered at the node. */
export async function openWatcher({ port, ...parts }: WatcherParts): Promise<Watcher> {
  const peer = await openUdpPeer({ port })
  const answer = await createRawPhone({ peer, ...parts }).register()
  if (answer.status !== 200) throw new Error(`${parts.device} was not registered: ${answer.status}`)
  return {
    peer,
    subscribe: (name, wanted = {}) => subscribe(peer, parts, { name, ...wanted }),
    close: () => peer.close(),
  }
}

type Parts = Omit<WatcherParts, 'port'>

async function subscribe(peer: SipPeer, parts: Parts, wanted: SubscribeParts & { readonly name: string }): Promise<Watch> {
  const { name, event = 'dialog', expires = 3_600, headers = [] } = wanted
  const accept = wanted.accept ?? (event === 'presence' ? 'application/pidf+xml' : 'application/dialog-info+xml')
  const uri = `sip:${name.replaceAll('#', '%23')}@${parts.domain}`
  const callId = newCallId()
  const from = `<sip:${parts.device}@${parts.domain}>;tag=${newTag()}`
  let cseq = 0
  let latestNotify = 0
  let credentials: readonly [string, string] | null = null

  function request(seconds: number, toTag?: string): SipRequest {
    cseq += 1
    const made = peer.request({ method: 'SUBSCRIBE', uri, to: uri, callId, cseq, ...(toTag === undefined ? {} : { toTag }) })
    made.set('From', from)
    made.set('Event', event)
    made.set('Accept', accept)
    made.set('Expires', String(seconds))
    for (const [header, value] of headers) made.set(header, value)
    if (credentials) made.append(...credentials)
    return made
  }

  async function final(sent: SipRequest): Promise<SipResponse> {
    peer.send(sent)
    const heard = await peer.hears(
      `a response to ${sent.uri}`,
      (message) =>
        message.kind === 'response' && message.callId === callId && message.cseq.number === sent.cseq.number && message.status >= 200,
    )
    if (heard.kind === 'request') throw new Error('a request is no response')
    return heard
  }

  async function next(): Promise<SipRequest> {
    const heard = await peer.hears(`a NOTIFY about ${name}`, (message) => {
      // On a busy machine a NOTIFY is sent again before the test answers it.
      return message.kind === 'request' && message.method === 'NOTIFY' && message.callId === callId && message.cseq.number > latestNotify
    })
    if (heard.kind !== 'request') throw new Error('a response is no request')
    latestNotify = heard.cseq.number
    peer.respond(heard, 200)
    return heard
  }

  const first = request(expires)
  let answer = await final(first)
  if (answer.status === 407) {
    credentials = credentialsFor(first, answer, parts)
    answer = await final(request(expires))
    credentials = null
  }
  const toTag = answer.to.tag
  return {
    final: answer,
    callId,
    next,
    async shows(...states) {
      for (;;) {
        const heard = await next()
        if (states.includes(stateIn(heard))) return heard
      }
    },
    again: (seconds) => final(request(seconds, toTag)),
  }
}

/** `early`, or the text of another document's basic status; `terminated` with its reason for the last NOTIFY. */
export function stateIn(notify: SipRequest): string {
  const body = notify.body.toString('utf8')
  const [, state] = /<state>([a-z]+)<\/state>/.exec(body) ?? /<basic>([a-z]+)<\/basic>/.exec(body) ?? []
  const header = notify.first('Subscription-State') ?? ''
  return header.startsWith('terminated') ? header : (state ?? '')
}
