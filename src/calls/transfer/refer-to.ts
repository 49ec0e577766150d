import { parseNameAddr } from '../../sip/headers/name-addr.js'
import { splitList } from '../../sip/syntax/list.js'
import { isEmergencyService } from '../../sip/uri/dialled.js'
import { parseUri } from '../../sip/uri/uri.js'
import { parseReplaces, type Replaces } from './replaces.js'

/** Where a REFER wants the other side to go. */
export interface ReferTarget {
  /** Without its headers. */
  readonly uri: string
  /** The call to take over (RFC 5589 §7); null for a new call. */
  readonly replaces: Replaces | null
}

/** The status of the response to a REFER that names no target. */
export type ReferFault = 400 | 416 | 501

/** Reads the Refer-To of a REFER (RFC 3515 §2.1). */
export function referTarget(header: (name: string) => string): ReferTarget | ReferFault {
  const values = splitList(header('Refer-To'))
  const [value = ''] = values
  // RFC 3515 §2.4.2: exactly one.
  if (values.length !== 1) return 400
  const { address, headers } = withoutHeaders(value)
  const uri = parseNameAddr(address)?.uri
  const parsed = uri === undefined ? null : parseUri(uri)
  if (uri === undefined || parsed === null) return 400
  if (isEmergencyService(uri)) return { uri, replaces: null }
  if (parsed.kind === 'other') return 416
  if ((parsed.params.get('method') ?? 'INVITE').toUpperCase() !== 'INVITE') return 501
  const replaces = headers.get('replaces')
  if (replaces === undefined) return { uri, replaces: null }
  const named = parseReplaces(replaces)
  return named === null ? 400 : { uri, replaces: named }
}

/** Some phones do not escape `;` and `=` in the headers of the URI, so the URI is parsed without them. */
function withoutHeaders(value: string): { readonly address: string; readonly headers: ReadonlyMap<string, string> } {
  const [, before, query = '', after = ''] = /^((?:"(?:[^"\\]|\\.)*"|[^"<?])*<[^?>]*|[^<?]*)\?([^>]*)(>.*)?$/s.exec(value) ?? []
  if (before === undefined) return { address: value, headers: new Map() }
  const pairs = query.split('&').map((pair) => pair.split(/=(.*)/s))
  const headers = new Map(pairs.map(([name = '', text = '']) => [name.toLowerCase(), unescaped(text)]))
  return { address: `${before}${after}`, headers }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
