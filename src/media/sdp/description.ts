import { isIPv4, isIPv6 } from 'node:net'
import { type MediaDescription, parse, parsePayloads, type SessionDescription } from 'sdp-transform'
import { isLoopback } from '../../base/ip-address.js'
import type { Law } from '../sound/g711.js'

/** Who sends, seen from the one who says it (RFC 3264 §5.1). */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

/** What a session description says about the one audio stream that we can use. */
export interface RemoteAudio {
  /** Which m= line it is. */
  readonly index: number
  /** In the order of preference; at least one. */
  readonly codecs: readonly { readonly law: Law; readonly payload: number }[]
  /** Payload type of RFC 4733 events at 8000 Hz; null where there are none. */
  readonly eventPayload: number | null
  /** Where to send; null where the address is none that we can or will send to, or on old-style hold (RFC 3264 §8.4). */
  readonly address: string | null
  readonly port: number
  readonly rtcpPort: number
  readonly direction: Direction
}

/** An m= line, kept for the answer, which must have as many in the same order (RFC 3264 §6). */
export interface OfferedLine {
  readonly type: string
  readonly protocol: string
  readonly payloads: string
}

/**
 * Why a line is of no use to us, the least that is wrong last.
 * - no-audio: it is no audio, or is off (port 0).
 * - other-profile: media that need keys or a browser's transport.
 * - other-family: IPv6 where we have IPv4, or the other way round.
 */
export const shortcomings = ['no-audio', 'other-profile', 'other-family', 'no-common-codec'] as const
export type Shortcoming = (typeof shortcomings)[number]

export interface RemoteDescription {
  readonly lines: readonly OfferedLine[]
  /** Null where no line is of use. */
  readonly audio: RemoteAudio | null
  /** Then: what is wrong with the line that comes closest. */
  readonly shortcoming: Shortcoming
}

// A phone's description has 0.5 to 3 KB; far more is nobody's phone.
const longest = 16_384

/** Null where the text is no session description. `ours` is our own address: it decides the address family. */
export function parseDescription(text: string, ours: string): RemoteDescription | null {
  if (!isSessionDescription(text)) return null
  const session = parse(withPlainMedia(text))
  if (session.media.length === 0 || !session.media.every(isWhole)) return null
  const lines = session.media.map(({ type, protocol, payloads }) => ({ type, protocol, payloads: String(payloads ?? '') }))
  const found = session.media.map((line, index) => audioOf(session, line, { index, ours }))
  const audio = found.find((one) => typeof one !== 'string') ?? null
  return { lines, audio, shortcoming: shortcomings.findLast((word) => found.includes(word)) ?? 'no-audio' }
}

/** Whether it is short enough to be read, and looks like one. */
export function isSessionDescription(text: string): boolean {
  return text.length <= longest && /^v=0\s*$/m.test(text)
}

/**
 * The m= lines as the grammar has them. `m=audio 40314/2`: of several ports in a row (RFC 8866 §5.14) the first is the one that is used. Blanks
 * may be too many, and case is of no account.
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

// RTP/AVPF is RTP/AVP with earlier RTCP (RFC 4585 §4): one who offers it can live with ours.
const protocols = ['RTP/AVP', 'RTP/AVPF']

interface Place {
  readonly index: number
  readonly ours: string
}

function audioOf(session: SessionDescription, line: MediaDescription, { index, ours }: Place): RemoteAudio | Shortcoming {
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

/** The static numbers need no rtpmap (RFC 3551 §6). */
function lawOf(line: MediaDescription, payload: number): Law | null {
  const map = line.rtp.find((one) => one.payload === payload)
  const codec = map
    ? `${map.codec.toUpperCase()}/${map.rate ?? 8000}/${map.encoding ?? 1}`
    : { 0: 'PCMU/8000/1', 8: 'PCMA/8000/1' }[payload]
  if (codec === 'PCMU/8000/1') return 'PCMU'
  return codec === 'PCMA/8000/1' ? 'PCMA' : null
}

/** Events have the clock of the audio beside them (RFC 4733 §2.1); the other rates belong to codecs that we do not have. */
function isEventPayload(line: MediaDescription, payload: number): boolean {
  return line.rtp.some((map) => map.payload === payload && map.codec.toLowerCase() === 'telephone-event' && map.rate === 8000)
}

/** Neither names (looking them up would be one more way to be led astray) nor groups nor, from outside, ourselves. */
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

/** True where the one who says it wants to hear us. */
export function listens(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly'
}
