import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { createResponse } from '../../../src/sip/message/builder.js'
import type { SipMessage, SipRequest } from '../../../src/sip/message/message.js'
import { parseMessage } from '../../../src/sip/parser/parser.js'
import { uniqueWord } from '../process/unique-word.js'
import { createMailbox } from './mailbox.js'
import { offer } from './sip-peer.js'

/** A carrier that registers one address, and refuses calls from every other one with 403. It answers all calls that it takes. */
export interface StrictCarrier {
  /** `127.0.0.1:41234` */
  readonly address: string
  /** The next call that it takes. */
  nextCall(): Promise<TakenCall>
  /** Calls a number at a node, and acknowledges a refusal. */
  call(node: string, number: string): void
  /** From now on it takes calls from every address. */
  relent(): void
  /** Number of calls that it has refused. */
  readonly refused: number
  close(): Promise<void>
}

export interface TakenCall {
  readonly invite: SipRequest
  /** The address it came from: `127.0.0.1:41235`. */
  readonly from: string
}

export async function openStrictCarrier(): Promise<StrictCarrier> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const address = `127.0.0.1:${socket.address().port}`
  const calls = createMailbox<TakenCall>(({ invite }) => invite.uri)
  const seen = new Set<string>()
  let registered: number | null = null
  let isStrict = true
  let refused = 0

  function statusFor(request: SipRequest, { port }: RemoteInfo): number {
    if (request.method === 'REGISTER') {
      const isRemoval = request.first('Expires') === '0'
      if (!isRemoval) registered = port
      else if (registered === port) registered = null
    }
    return request.method === 'INVITE' && isStrict && registered !== port ? 403 : 200
  }

  function respond(request: SipRequest, peer: RemoteInfo): void {
    const status = statusFor(request, peer)
    const response = createResponse(request, status, undefined, 'carrier')
    if (request.method === 'REGISTER') response.append('Contact', `${request.first('Contact')};expires=600`)
    if (request.method === 'INVITE' && status === 200) {
      response.append('Contact', `<sip:${address}>`)
      response.append('Content-Type', 'application/sdp')
      response.body = Buffer.from(offer)
    }
    socket.send(response.toBuffer(), peer.port, peer.address)
    if (request.method !== 'INVITE' || seen.has(request.callId)) return
    seen.add(request.callId)
    if (status === 403) refused += 1
    else calls.put({ invite: request, from: `${peer.address}:${peer.port}` })
  }

  /** Of the one call that the carrier has made last. */
  let outgoing = { uri: '', from: '' }

  function send(node: string, method: 'INVITE' | 'ACK', to: string): void {
    const { uri, from } = outgoing
    const lines = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${address};branch=z9hG4bK${from}`,
      `From: <sip:112@${address}>;tag=${from}`,
      `To: ${to}`,
      `Call-ID: ${from}`,
      `CSeq: 1 ${method}`,
      `Contact: <sip:${address}>`,
      'Max-Forwards: 70',
      ...(method === 'ACK'
        ? ['Content-Length: 0', '', '']
        : ['Content-Type: application/sdp', `Content-Length: ${offer.length}`, '', offer]),
    ]
    const [host = '', port = ''] = node.split(':')
    socket.send(lines.join('\r\n'), Number(port), host)
  }

  socket.on('message', (bytes, peer) => {
    const parsed = parseMessage(bytes)
    const message: SipMessage | null = parsed.outcome === 'message' ? parsed.message : null
    if (message?.kind === 'request' && message.method !== 'ACK') respond(message, peer)
    if (message?.kind === 'response' && message.status >= 300) send(`${peer.address}:${peer.port}`, 'ACK', message.first('To') ?? '')
  })

  return {
    address,
    nextCall: () => calls.take('a call', () => true),
    call(node, number) {
      outgoing = { uri: `sip:${number}@${node}`, from: uniqueWord() }
      send(node, 'INVITE', `<${outgoing.uri}>`)
    },
    relent() {
      isStrict = false
    },
    get refused() {
      return refused
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}
