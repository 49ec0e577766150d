import { isIPv6 } from 'node:net'
import type { Law } from '../sound/g711.js'
import { type Direction, type OfferedLine, type RemoteDescription, reversed } from './description.js'

/** Our side of the stream. */
export interface LocalAudio {
  readonly codecs: readonly { readonly law: Law; readonly payload: number }[]
  readonly eventPayload: number | null
  readonly direction: Direction
}

export interface Origin {
  readonly sessionId: number
  /** Incremented with each change (RFC 3264 §8). */
  readonly version: number
  readonly address: string
  readonly port: number
}

/** All that we support, with the static payload types, and 101 for events, which nearly all phones use. */
export const everything: LocalAudio = {
  codecs: [
    { law: 'PCMU', payload: 0 },
    { law: 'PCMA', payload: 8 },
  ],
  eventPayload: 101,
  direction: 'sendrecv',
}

/** Our answer to an offer: its first common codec, and events with its payload type. Null without a common codec. */
export function answerTo(offer: RemoteDescription): LocalAudio | null {
  const preferred = offer.audio?.codecs[0]
  if (!offer.audio || !preferred) return null
  return { codecs: [preferred], eventPayload: offer.audio.eventPayload, direction: reversed(offer.audio.direction) }
}

export function writeOffer(origin: Origin, audio: LocalAudio): string {
  return write(origin, [audioLines('RTP/AVP', origin.port, audio)])
}

/** The same m= lines as the offer, all but one refused with port 0 (RFC 3264 §6). */
export function writeAnswer(origin: Origin, audio: LocalAudio, offer: RemoteDescription): string {
  const lines = offer.lines.map((line, index) =>
    index === offer.audio?.index ? audioLines(line.protocol, origin.port, audio) : refusal(line),
  )
  return write(origin, lines)
}

function write({ sessionId, version, address }: Origin, lines: readonly string[]): string {
  const connection = `IN ${isIPv6(address) ? 'IP6' : 'IP4'} ${address}`
  const head = ['v=0', `o=hotdesk ${sessionId} ${version} ${connection}`, 's=-', `c=${connection}`, 't=0 0']
  return `${[...head, ...lines].join('\r\n')}\r\n`
}

function refusal({ type, protocol, payloads }: OfferedLine): string {
  return `m=${type} 0 ${protocol} ${payloads}`
}

function audioLines(protocol: string, port: number, { codecs, eventPayload, direction }: LocalAudio): string {
  const events = eventPayload === null ? [] : [eventPayload]
  return [
    `m=audio ${port} ${protocol} ${[...codecs.map(({ payload }) => payload), ...events].join(' ')}`,
    ...codecs.map(({ law, payload }) => `a=rtpmap:${payload} ${law}/8000`),
    ...events.flatMap((payload) => [`a=rtpmap:${payload} telephone-event/8000`, `a=fmtp:${payload} 0-16`]),
    'a=ptime:20',
    `a=rtcp:${port + 1}`,
    `a=${direction}`,
  ].join('\r\n')
}
