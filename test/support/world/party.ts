import type { Secret } from '../../../src/base/secret.js'
import { answerChallenge, parseChallenge, printCredentials } from '../../../src/sip/auth/digest.js'
import { newBranch, newTag } from '../../../src/sip/ids.js'
import type { TestNode } from '../node/node.js'
import { createMailbox, type Mailbox } from '../sip/mailbox.js'
import type { Transport } from './case-file.js'
import { type Fields, namedValues, readMessage, type WireMessage, writeMessage } from './message.js'
import { openWire } from './wire.js'

/** A phone, or the far end of a trunk: it sends what the play says. OPTIONS and NOTIFY outside a call it answers by itself. */
export interface Party {
  /** The device, or `''` for a trunk. */
  readonly device: string
  /** What others dial to reach it. */
  readonly number: string
  readonly address: string
  /** In angle brackets. */
  readonly contact: string
  via(): string
  /** Fields of a request outside a dialog, as this party writes them. */
  fields(method: string, to: string, callId: string): Fields
  send(text: string): void
  /** Called with each request that arrives, instead of the one before. */
  serve(onRequest: (message: WireMessage) => void): void
  /** What has arrived in the present case. */
  readonly heard: readonly WireMessage[]
  /** Resolves with the next response that fits and was not taken yet. */
  response(wanted: string, fits: (message: WireMessage) => boolean): Promise<WireMessage>
  /** Resolves when a request of that name has arrived or arrives. */
  request(name: string): Promise<WireMessage>
  /** Credentials for that challenge, as the field of the next request. */
  answer(
    challenge: WireMessage,
    request: { readonly method: string; readonly uri: string; readonly body: string },
  ): readonly [string, string]
  /** Forgets the case before: messages of its calls are passed over from now on. */
  begin(): void
  close(): Promise<void>
}

export interface PartyParts {
  readonly device: string
  readonly password: Secret
  readonly number: string
  readonly domain: string
  readonly transport: Transport
  readonly node: () => TestNode
}

export async function openParty({ device, password, number, domain, transport, node }: PartyParts): Promise<Party> {
  let inbox = createInbox()
  let onRequest: (message: WireMessage) => void = () => undefined
  const past = new Set<string>()
  const wire = await openWire(transport, node, take)
  const user = device === '' ? number : device
  const parameters = transport === 'udp' ? '' : `;transport=${transport}`

  function take(text: string): void {
    const message = readMessage(text)
    const isOutside = !message.header('To').includes(';tag=')
    if (past.has(message.header('Call-ID')) || (['OPTIONS', 'NOTIFY'].includes(message.method) && message.isRequest && isOutside)) {
      if (message.isRequest && message.method !== 'ACK') accept(message)
      return
    }
    inbox.put(message)
    if (message.isRequest) onRequest(message)
  }

  function accept(request: WireMessage): void {
    wire.send(writeMessage('SIP/2.0 200 OK', namedValues(request, 'Via', 'From', 'To', 'Call-ID', 'CSeq')))
  }

  const party: Party = {
    device,
    number,
    address: wire.address,
    contact: `<sip:${user}@${wire.address}${parameters}>`,
    via: () => `SIP/2.0/${wire.transport} ${wire.address};branch=${newBranch()};rport`,
    fields: (method, to, callId) => [
      ['Via', party.via()],
      ['Max-Forwards', '70'],
      ['From', `<sip:${user}@${device === '' ? wire.address : domain}>;tag=${newTag()}`],
      ['To', `<${to}>`],
      ['Call-ID', callId],
      ['CSeq', `1 ${method}`],
      ['Contact', party.contact],
      ['User-Agent', 'World'],
    ],
    send: wire.send,
    serve(handler) {
      onRequest = handler
    },
    get heard() {
      return inbox.heard
    },
    response: (wanted, fits) => inbox.responses.take(`${wanted} at ${user}`, fits),
    request: (name) => inbox.requests.take(`${name} at ${user}`, (message) => message.name === name),
    answer(challenge, { method, uri, body }) {
      const byRegistrar = challenge.status === 401
      const parsed = parseChallenge(challenge.header(byRegistrar ? 'WWW-Authenticate' : 'Proxy-Authenticate'))
      if (!parsed) throw new Error(`no challenge in ${challenge.text}`)
      const needs = { username: device, password, uri, method, body: Buffer.from(body, 'latin1'), cnonce: newTag(), count: 1 }
      return [byRegistrar ? 'Authorization' : 'Proxy-Authorization', printCredentials(answerChallenge(parsed, needs))]
    },
    begin() {
      for (const message of inbox.heard) past.add(message.header('Call-ID'))
      inbox = createInbox()
      onRequest = () => undefined
    },
    close: wire.close,
  }
  return party
}

interface Inbox {
  readonly heard: WireMessage[]
  readonly requests: Mailbox<WireMessage>
  readonly responses: Mailbox<WireMessage>
  put(message: WireMessage): void
}

function createInbox(): Inbox {
  const heard: WireMessage[] = []
  const [requests, responses] = [createMailbox<WireMessage>(({ name }) => name), createMailbox<WireMessage>(({ name }) => name)]
  const put = (message: WireMessage): void => {
    heard.push(message)
    ;(message.isRequest ? requests : responses).put(message)
  }
  return { heard, requests, responses, put }
}
