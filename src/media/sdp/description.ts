import { isIPv4, isIPv6 } from 'node:net'
import { type MediaDescription, parse, parsePayloads, type SessionDescription } from 'sdp-transform'
import { isLoopback } from '../../base/ip-address.js'
import type { Law } from '../sound/g711.js'

/** The direction of media, from the view of the description's author (RFC 3264 §5.1). */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

/** The first audio stream in a session description that we can use. */
export interface RemoteAudio {
  /** The index of its m= line. */
  readonly index: number
  /** In order of preference; at least one. */
  readonly codecs: readonly { readonly law: Law; readonly payload: number }[]
  /** Payload type of RFC 4733 events at 8000 Hz; null if there is none. */
  readonly eventPayload: number | null
  /** The address to send to; null if we cannot or will not send to it, or on old-style hold (RFC 3264 §8.4). */
  readonly address: string | null
  readonly port: number
  readonly rtcpPort: number
  readonly direction: Direction
}

/** An m= line, kept for the answer, which must have the same lines in the same order (RFC 3264 §6). */
export interface OfferedLine {
  readonly type: string
  readonly protocol: string
  readonly payloads: string
}

/**
 * Why a line is unusable; later reasons are closer to usable.
 * - no-audio: not audio, or disabled (port 0).
 * - other-profile: needs SRTP or WebRTC.
 * - other-family: IPv6 and we have IPv4, or the reverse.
 */
export const shortcomings = ['no-audio', 'other-profile', 'other-family', 'no-common-codec'] as const
export type Shortcoming = (typeof shortcomings)[number]

export interface RemoteDescription {
  readonly lines: readonly OfferedLine[]
  /** Null if no line is usable. */
  readonly audio: RemoteAudio | null
  /** If no line is usable: the reason for the closest one. */
  readonly shortcoming: Shortcoming
}

// The description of a phone has 0.5 to 3 KB.
const longest = 16_384

/** Null if the text is not a session description. `ours` is our own address; the stream must have its address family. */
export function parseDescription(text: string, ours: string): RemoteDescription | null {
  if (!isSessionDescription(text)) return null
  const session = parse(withPlainMedia(text))
  if (session.media.length === 0 || !session.media.every(isWhole)) return null
  const lines = session.media.map(({ type, protocol, payloads }) => ({ type, protocol, payloads: String(payloads ?? '') }))
  const found = session.media.map((line, index) => audioOf(session, line, { index, ours }))
  const audio = found.find((one) => typeof one !== 'string') ?? null
  return { lines, audio, shortcoming: shortcomings.findLast((word) => found.includes(word)) ?? 'no-audio' }
}

/** True if the text is short enough and looks like a session description. */
export function isSessionDescription(text: string): boolean {
  return text.length <= longest && /^v=0\s*$/m.test(text)
}

/**
 * Normalizes m= lines: surplus spaces and case are ignored, and of several ports (`m=audio 40314/2`, RFC 8866 §5.14) the first is used.
 */
function withPlainMedia(text: string): string {
  return text.replace(/^m=[ \t]{0,8}([a-z]{1,20})[ \t]{1,8}([0-9]{1,5})(?:\/[0-9]{1,5})?[ \t]{1,8}([!-~]{1,40})([^\r\n]*)/gim, plainMedia)
}

function plainMedia(_line: string, type: string, port: string, protocol: string, formats: string): string {
  return `m=${type.toLowerCase()} ${port} ${/^rtp\//i.test(protocol) ? protocol.toUpperCase() : protocol} ${formats.trim().replace(/[ \t]+/g, ' ')}`
}

function isWhole(line: MediaDescription): boolean {
  return typeof line.type === 'string' && typeof line.protocol === 'string' && isPort(line.port)
}

function isPort(port: unknown): port is number {
  return Number.isInteger(port) && Number(port) >= 0 && Number(port) <= 65_535
}

// RTP/AVPF is RTP/AVP with earlier RTCP (RFC 4585 §4), so it interoperates with our RTCP.
const protocols = ['RTP/AVP', 'RTP/AVPF']

interface LinePosition {
  readonly index: number
  readonly ours: string
}

function audioOf(session: SessionDescription, line: MediaDescription, { index, ours }: LinePosition): RemoteAudio | Shortcoming {
  if (line.type !== 'audio' || line.port === 0) return 'no-audio'
  if (!protocols.includes(line.protocol)) return 'other-profile'
  const named = line.connection?.ip ?? session.connection?.ip ?? ''
  if (isIPv4(named) ? isIPv6(ours) : isIPv6(named) && isIPv4(ours)) return 'other-family'
  const payloads = parsePayloads(String(line.payloads ?? ''))
  const codecs = payloads.flatMap((payload) => {
    const law = lawOf(line, payload)
    return law ? [{ law, payload }] : []
  })
  if (codecs.length === 0) return 'no-common-codec'
  return {
    index,
    codecs,
    eventPayload: payloads.find((payload) => isEventPayload(line, payload)) ?? null,
    address: canBeSentTo(named, ours) ? named : null,
    port: line.port,
    rtcpPort: isPort(line.rtcp?.port) && line.rtcp.port > 0 ? line.rtcp.port : line.port + 1,
    direction: line.direction ?? session.direction ?? 'sendrecv',
  }
}

/** Static payload types need no rtpmap (RFC 3551 §6). */
function lawOf(line: MediaDescription, payload: number): Law | null {
  const map = line.rtp.find((one) => one.payload === payload)
  const codec = map
    ? `${map.codec.toUpperCase()}/${map.rate ?? 8000}/${map.encoding ?? 1}`
    : { 0: 'PCMU/8000/1', 8: 'PCMA/8000/1' }[payload]
  if (codec === 'PCMU/8000/1') return 'PCMU'
  return codec === 'PCMA/8000/1' ? 'PCMA' : null
}

/** Events have the clock rate of the audio (RFC 4733 §2.1); other rates belong to codecs that we do not support. */
function isEventPayload(line: MediaDescription, payload: number): boolean {
  return line.rtp.some((map) => map.payload === payload && map.codec.toLowerCase() === 'telephone-event' && map.rate === 8000)
}

/** We send neither to host names (a lookup would be another attack surface) nor to multicast nor, from outside, to loopback. */
function canBeSentTo(address: string, ours: string): boolean {
  if (!isIPv4(address) && !isIPv6(address)) return false
  if (/^(0\.|22[4-9]\.|2[3-5][0-9]\.|ff|::$)/i.test(address)) return false
  return isLoopback(ours) || !isLoopback(address)
}

/** The direction of the answer (RFC 3264 §6.1). */
export function reversed(direction: Direction): Direction {
  const answers: Readonly<Record<Direction, Direction>> = {
    sendrecv: 'sendrecv',
    sendonly: 'recvonly',
    recvonly: 'sendonly',
    inactive: 'inactive',
  }
  return answers[direction]
}

/** True if the author of the description wants to receive. */
export function listens(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly'
}
