import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import type { SipRequest } from '../../../src/sip/message/message.js'
import {
  createTransactionLayer,
  type LiveTransactionLayer,
  type TransactionLayerNeeds,
} from '../../../src/sipd/transaction/open-transaction-layer.js'
import type { Flow, Hop, ServerTransaction } from '../../../src/sipd/transaction/transaction-layer.js'
import { createDatagramNet, type DatagramNet } from '../net/datagram-net.js'
import { defaults } from '../node/default-settings.js'
import { createManualClock, type ManualClock } from '../process/manual-clock.js'

export const we = { address: '192.0.2.1', port: 5060 }
export const peer = { address: '192.0.2.7', port: 5070 }

/** How the layer challenges unknown sources. */
export const challenge = {
  realm: 'hotdesk.test',
  algorithms: ['SHA-256', 'MD5'],
  key: new Secret('11'.repeat(32)),
  issuer: '010203040506',
  lifetimeMs: 300_000,
} as const

/** A transaction layer whose time and network stand still until they are moved. */
export interface StillLayer {
  readonly layer: LiveTransactionLayer
  readonly clock: ManualClock
  readonly net: DatagramNet
  readonly hop: Hop
  /** Server transactions handed up, in order. */
  readonly transactions: readonly ServerTransaction[]
  /** ACKs handed up. */
  readonly acks: readonly { readonly ack: SipRequest; readonly flow: Flow }[]
  /** When something went out, from the start of the clock. */
  sentAt(): readonly number[]
  /** A message from the peer. */
  arrives(text: string, from?: { address: string; port: number }): void
}

export async function openStillLayer(needs: Partial<TransactionLayerNeeds> = {}): Promise<StillLayer> {
  const clock = createManualClock()
  const net = createDatagramNet(() => clock.now())
  const layer = await createTransactionLayer({
    listen: [{ protocol: 'udp', ...we }],
    advertise: null,
    timers: defaults.sip.timers,
    clock,
    log: silentLogger(),
    openDatagramSocket: net.open,
    ...needs,
  })
  const transactions: ServerTransaction[] = []
  const acks: { ack: SipRequest; flow: Flow }[] = []
  layer.onRequest((transaction) => transactions.push(transaction))
  layer.onAck((ack, flow) => acks.push({ ack, flow }))
  const [hop] = layer.locateNow(`sip:${peer.address}:${peer.port}`) ?? []
  if (!hop) throw new Error('no hop to the peer')
  return {
    layer,
    clock,
    net,
    hop,
    transactions,
    acks,
    sentAt: () => net.sent.map(({ at }) => at),
    arrives: (text, from = peer) => net.deliver(text, from, we),
  }
}

/** What a peer sends: a request line or status line with the headers every message has. */
export interface WireMessage {
  readonly line: string
  readonly branch: string
  readonly cseq: string
  readonly sentBy?: string
  readonly viaParams?: string
  readonly callId?: string
  readonly fromTag?: string
  readonly toTag?: string
  readonly more?: readonly string[]
}

export function wire(message: WireMessage): string {
  const {
    line,
    branch,
    cseq,
    sentBy = `${peer.address}:${peer.port}`,
    viaParams = '',
    callId = 'one@test',
    fromTag = 'f1',
    toTag,
    more = [],
  } = message
  return [
    line,
    `Via: SIP/2.0/UDP ${sentBy};branch=${branch}${viaParams}`,
    'Max-Forwards: 70',
    `From: <sip:a@test.invalid>;tag=${fromTag}`,
    `To: <sip:b@test.invalid>${toTag === undefined ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq}`,
    ...more,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
}

export interface NewRequest {
  readonly method?: string
  readonly user?: string
  readonly toTag?: string
  readonly more?: readonly string[]
}

let requests = 0

/** A request of the peer with a branch and a Call-ID of its own; an INVITE by default. */
export function newRequest({ method = 'INVITE', user = 'x', toTag, more = [] }: NewRequest = {}): string {
  requests += 1
  const parts = {
    line: `${method} sip:${user}@192.0.2.1 SIP/2.0`,
    branch: `z9hG4bK${requests}`,
    cseq: `1 ${method}`,
    callId: `call-${requests}`,
  }
  return wire({ ...parts, more, ...(toTag !== undefined && { toTag }) })
}

/** Delivers a request. Gives what came back at once: `up` for a transaction, else the status, 0 for nothing. */
export function outcomeOf(still: StillLayer, text: string, from = peer): 'up' | number {
  const before = still.transactions.length
  still.net.clear()
  still.arrives(text, from)
  if (still.transactions.length > before) return 'up'
  return Number(still.net.sent[0]?.text.split(' ')[1] ?? 0)
}

/** The peer's answer to a request of ours, as it went out. */
export function answer(requestText: string, status: number, toTag = 't1'): string {
  const lines = requestText.split('\r\n')
  const pick = (name: string): string => lines.find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`)) ?? ''
  const to = pick('To')
  return [
    `SIP/2.0 ${status} Answer`,
    pick('Via'),
    pick('From'),
    to.includes(';tag=') ? to : `${to};tag=${toTag}`,
    pick('Call-ID'),
    pick('CSeq'),
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
}
