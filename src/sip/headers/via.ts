import { printHostPort } from '../../base/host-port.js'
import { endOfToken, skipBlanks, slash, trimEnd } from '../syntax/characters.js'
import { findSentBy } from '../syntax/host.js'
import { type Parameters, parseLenientParameters, parseParameters, printParameters, withParameter } from '../syntax/parameters.js'

/** `SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1;rport` (RFC 3261 §20.42). */
export interface Via {
  /** `SIP/2.0`. */
  readonly protocol: string
  /** Upper case: UDP TCP TLS WS WSS. */
  readonly transport: string
  /** IPv6 without brackets. */
  readonly host: string
  readonly port: number | null
  /** `''` if there is none. */
  readonly branch: string
  /** Names in lower case, values as received, null for a flag such as `rport`. */
  readonly params: Parameters
}

const usualProtocol = 'SIP/2.0'

/**
 * Parses one Via value; null if it is malformed. A version other than 2.0 is accepted, because the 505 response is routed by that Via.
 */
export function parseVia(text: string, from = 0, to = text.length): Via | null {
  return readVia(text, from, to, parseParameters)
}

/** Like `parseVia`, with the lenient grammar for parameters. */
export function parseLenientVia(text: string): Via | null {
  return readVia(text, 0, text.length, parseLenientParameters)
}

function readVia(text: string, from: number, to: number, parametersOf: typeof parseParameters): Via | null {
  const start = skipBlanks(text, from, to)
  const end = trimEnd(text, start, to)
  const protocolEnd = endOfProtocol(text, start, end)
  if (protocolEnd < 0) return null
  const transportStart = skipBlanks(text, protocolEnd + 1, end)
  const transportEnd = endOfToken(text, transportStart, end)
  const hostStart = skipBlanks(text, transportEnd, end)
  if (transportEnd === transportStart || hostStart === transportEnd) return null
  const sentBy = findSentBy(text, hostStart, end)
  const params = sentBy && parametersOf(text, sentBy.end, end)
  if (!params) return null
  return {
    protocol: protocolOf(text.slice(start, protocolEnd)),
    transport: text.slice(transportStart, transportEnd).toUpperCase(),
    host: text.slice(sentBy.start, sentBy.hostEnd),
    port: sentBy.port,
    branch: params.get('branch') ?? '',
    params,
  }
}

function protocolOf(text: string): string {
  return text === usualProtocol ? usualProtocol : text.replace(/[ \t]/g, '').toUpperCase()
}

/** Position of the slash after `SIP/2.0`, with blanks allowed anywhere; -1 if there is none. */
function endOfProtocol(text: string, from: number, to: number): number {
  const nameSlash = slashAfterToken(text, from, to)
  return nameSlash < 0 ? -1 : slashAfterToken(text, skipBlanks(text, nameSlash + 1, to), to)
}

function slashAfterToken(text: string, from: number, to: number): number {
  const end = endOfToken(text, from, to)
  const at = skipBlanks(text, end, to)
  return end > from && at < to && text.charCodeAt(at) === slash ? at : -1
}

/** The parts of a Via. The branch is one of the parameters. */
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

/** A copy with a parameter set (`received`, `rport`, …); a null value makes it a flag. */
export function withViaParam(via: Via, name: string, value: string | null): Via {
  return build(via, withParameter(via.params, name, value))
}

function build({ protocol, transport, host, port }: Via, params: Parameters): Via {
  return { protocol, transport, host, port, branch: params.get('branch') ?? '', params }
}
