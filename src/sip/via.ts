import { endOfToken, skipBlanks, slash, trimEnd } from './syntax/characters.js'
import { parseHostPort, printHostPort } from './syntax/host.js'
import { type Parameters, parseParameters, printParameters, withoutParameter, withParameter } from './syntax/parameters.js'

/** `SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1;rport` (RFC 3261 §20.42). */
export interface Via {
  /** `SIP/2.0`. */
  readonly protocol: string
  /** Upper case: UDP TCP TLS WS WSS. */
  readonly transport: string
  /** IPv6 without brackets. */
  readonly host: string
  readonly port: number | null
  /** `''` without. */
  readonly branch: string
  /** Names in lower case; values as they stand; null for a flag such as `rport`. */
  readonly params: Parameters
}

const usualProtocol = 'SIP/2.0'

/**
 * One Via value; null where it is not of the form. Another version than 2.0 is of the form: the answer 505 goes back by that Via.
 */
export function parseVia(text: string): Via | null {
  const to = trimEnd(text, 0, text.length)
  const protocolEnd = endOfProtocol(text, to)
  if (protocolEnd < 0) return null
  const transportStart = skipBlanks(text, protocolEnd + 1, to)
  const transportEnd = endOfToken(text, transportStart, to)
  const hostStart = skipBlanks(text, transportEnd, to)
  if (transportEnd === transportStart || hostStart === transportEnd) return null
  const sentBy = parseSentBy(text, hostStart, to)
  const params = sentBy && parseParameters(text, sentBy.end, to)
  if (!params) return null
  return {
    protocol: text.startsWith(usualProtocol) ? usualProtocol : text.slice(0, protocolEnd).replace(/[ \t]/g, '').toUpperCase(),
    transport: text.slice(transportStart, transportEnd).toUpperCase(),
    host: sentBy.host,
    port: sentBy.port,
    branch: params.get('branch') ?? '',
    params,
  }
}

/** Where the slash behind `SIP/2.0` stands, with blanks anywhere; -1 where there is none. */
function endOfProtocol(text: string, to: number): number {
  let at = skipBlanks(text, 0, to)
  for (let piece = 0; piece < 2; piece += 1) {
    const end = endOfToken(text, at, to)
    const slashAt = skipBlanks(text, end, to)
    if (end === at || slashAt >= to || text.charCodeAt(slashAt) !== slash) return -1
    if (piece === 1) return slashAt
    at = skipBlanks(text, slashAt + 1, to)
  }
  return -1
}

function parseSentBy(text: string, from: number, to: number): { host: string; port: number | null; end: number } | null {
  const tight = parseHostPort(text, from, to)
  if (!tight || tight.port !== null) return tight
  // sent-by = host [ COLON port ], and COLON may have blanks around it.
  const colonAt = skipBlanks(text, tight.end, to)
  if (text.charAt(colonAt) !== ':' || colonAt >= to) return tight
  const portStart = skipBlanks(text, colonAt + 1, to)
  const joined = parseHostPort(`h:${text.slice(portStart, portStart + 6)}`, 0, 8)
  return joined?.port === null || joined === null ? null : { host: tight.host, port: joined.port, end: portStart + joined.end - 2 }
}

/** What makes a Via; branch stands among the parameters. */
export interface ViaParts {
  /** `SIP/2.0` by default. */
  readonly protocol?: string
  readonly transport: string
  readonly host: string
  readonly port: number | null
  readonly params: Parameters
}

export function printVia({ protocol = usualProtocol, transport, host, port, params }: ViaParts): string {
  return `${protocol}/${transport} ${printHostPort(host, port)}${printParameters(params)}`
}

/** A copy with the parameter set (`received`, `rport`, …); null makes a flag. */
export function withViaParam(via: Via, name: string, value: string | null): Via {
  return build(via, withParameter(via.params, name, value))
}

export function withoutViaParam(via: Via, name: string): Via {
  return build(via, withoutParameter(via.params, name))
}

function build({ protocol, transport, host, port }: Via, params: Parameters): Via {
  return { protocol, transport, host, port, branch: params.get('branch') ?? '', params }
}
