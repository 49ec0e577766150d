import { createHash } from 'node:crypto'
import type { SipMessage } from '../sip/message/message.js'
import { parseMessage } from '../sip/parser/parser.js'
import { dialled } from '../sip/uri/dialled.js'

/** What a ladder shows of a message. */
export interface SipText {
  /** Null for a response. */
  readonly method: string | null
  /** The number or name in the Request-URI. */
  readonly target: string
  /** 0 for a request. */
  readonly status: number
  readonly reason: string
  /** Method of the CSeq, which a response shares with its request. */
  readonly about: string
  /** The same for a retransmission, and different for every other message of the call. */
  readonly identity: string
  readonly header: (name: string) => string
  readonly body: string
}

export function readSipText(text: string): SipText {
  const parsed = parseMessage(Buffer.from(text))
  return parsed.outcome === 'message' ? textOf(parsed.message) : unreadable(text)
}

function textOf(message: SipMessage): SipText {
  const header = (name: string): string => message.first(name) ?? ''
  const { method, uri, status, reason } =
    message.kind === 'request'
      ? { method: message.method, uri: message.uri, status: 0, reason: '' }
      : { method: null, uri: '', status: message.status, reason: message.reason }
  const { cseq, callId } = message
  // A reliable provisional response has a number of its own (RFC 3262 §3).
  const identity = [method ?? status, callId, cseq.number, cseq.method, message.topVia.branch, message.to.tag, header('RSeq')].join(' ')
  const target = dialled(uri) || uri.replace(/^sips?:/i, '')
  return { method, target, status, reason, about: cseq.method, identity, header, body: message.body.toString() }
}

/** A message that only its receiver could not read either. */
function unreadable(text: string): SipText {
  const [start = ''] = text.split(/\r?\n/, 1)
  return {
    method: 'malformed',
    target: start.slice(0, 40),
    status: 0,
    reason: '',
    about: '',
    identity: createHash('sha256').update(text).digest('hex'),
    header: () => '',
    body: '',
  }
}
