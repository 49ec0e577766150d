import type { SipMessage, SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import { type ParsedMessage, parseMessage } from '../../../src/sip/parser/parser.js'

export const sampleHeaders: readonly string[] = [
  'Via: SIP/2.0/UDP 192.0.2.41:5060;branch=z9hG4bK1;rport',
  'Max-Forwards: 70',
  'From: "Alice" <sip:100@hotdesk.example>;tag=a1',
  'To: <sip:101@hotdesk.example>',
  'Call-ID: 4711@192.0.2.41',
  'CSeq: 1 INVITE',
  'Contact: <sip:HD0001@192.0.2.41>',
]

/** A message from its lines, in latin1. */
export function bytesOf(lines: readonly string[], body = ''): Buffer {
  return Buffer.from([...lines, '', body].join('\r\n'), 'latin1')
}

export function inviteBytes(...more: readonly string[]): Buffer {
  return bytesOf(['INVITE sip:101@hotdesk.example SIP/2.0', ...sampleHeaders, ...more])
}

export function messageOf(result: ParsedMessage): SipMessage {
  if (result.outcome !== 'message') throw new Error(`no message: ${JSON.stringify(result)}`)
  return result.message
}

export function requestOf(bytes: Buffer): SipRequest {
  const message = messageOf(parseMessage(bytes))
  if (message.kind !== 'request') throw new Error('a response')
  return message
}

export function responseOf(bytes: Buffer): SipResponse {
  const message = messageOf(parseMessage(bytes))
  if (message.kind !== 'response') throw new Error('a request')
  return message
}

/** An INVITE in which the header of that name is another, or, for null, missing. */
export function inviteWith(name: string, line: string | null): Buffer {
  const kept = sampleHeaders.map((header) => (header.startsWith(`${name}:`) ? line : header))
  return bytesOf(['INVITE sip:101@hotdesk.example SIP/2.0', ...kept.filter((header) => header !== null)])
}
