import { parse } from 'sdp-transform'

/** Static payload types (RFC 3551 §6). */
const staticNames: Readonly<Record<string, string>> = { 0: 'PCMU', 3: 'GSM', 8: 'PCMA', 9: 'G722', 13: 'CN', 18: 'G729' }

/** `audio 192.0.2.7:4000 PCMA PCMU DTMF`, one for each m= line; none if the text is not a session description. */
export function sessionWords(body: string): string[] {
  if (!body.startsWith('v=0')) return []
  const session = parse(body)
  return session.media.map((line) => {
    const address = line.connection?.ip ?? session.connection?.ip ?? '?'
    if (line.port === 0) return `${line.type} refused`
    const names = String(line.payloads ?? '')
      .split(' ')
      .map((payload) => line.rtp.find((one) => String(one.payload) === payload)?.codec ?? staticNames[payload] ?? payload)
      .map((name) => (name.toLowerCase() === 'telephone-event' ? 'DTMF' : name))
    const direction = line.direction ?? session.direction ?? 'sendrecv'
    const extra = [/SAVP/.test(line.protocol) ? 'SRTP' : '', direction === 'sendrecv' ? '' : direction]
    const host = address.includes(':') ? `[${address}]` : address
    return [line.type, `${host}:${line.port}`, ...new Set(names), ...extra].filter((word) => word !== '').join(' ')
  })
}
