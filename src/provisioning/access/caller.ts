import type { IncomingMessage } from 'node:http'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { canonicalAddress } from '../../base/ip-address.js'
import { parseMac } from '../../directory/directory.js'

/** Who sends an HTTP request, as far as the connection and its headers show. */
export interface HttpCaller {
  readonly address: string
  readonly method: string
  /** The request target as it was sent. */
  readonly target: string
  readonly userAgent: string
  readonly authorization: string
  /** From a client certificate of a maker that this node trusts, which contains the phone's MAC address; null: there is none. */
  readonly certifiedMac: string | null
}

export function callerOf({ socket, headers, method, url }: IncomingMessage): HttpCaller {
  return {
    address: canonicalAddress(socket.remoteAddress ?? ''),
    method: method ?? 'GET',
    target: url ?? '/',
    userAgent: (headers['user-agent'] ?? '').slice(0, maxAgent),
    authorization: headers.authorization ?? '',
    certifiedMac: 'authorized' in socket ? certifiedMacOf(socket as TLSSocket) : null,
  }
}

const maxAgent = 200

/** A maker's generic certificate contains no address, and proves nothing. */
function certifiedMacOf(socket: TLSSocket): string | null {
  return socket.authorized ? macIn(socket.getPeerCertificate().subject) : null
}

/** The MAC address in the subject of a certificate: Yealink, Snom, Poly and others have it in CN; Cisco has it in S (ST), beside the model. */
export function macIn(subject: Partial<PeerCertificate['subject']> | undefined): string | null {
  const values = [subject?.CN, subject?.ST].flatMap((value) => value ?? [])
  for (const value of values) {
    const mac = parseMac(/^(?:SEP|CP-[\w-]{1,30}-SEP)?([0-9A-Fa-f:.-]{12,17})$/.exec(value)?.[1] ?? '')
    if (mac !== null) return mac
  }
  return null
}
