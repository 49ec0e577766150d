import { parseNameAddr } from '../../sip/headers/name-addr.js'
import { splitList } from '../../sip/syntax/list.js'
import { parseUri } from '../../sip/uri/uri.js'
import type { IncomingRequest } from '../../srf/srf.js'
import { type Refusal, refusal } from './refusal.js'

/** Limits of a Path: number of proxies, and length in characters. */
const maxProxies = 8
const maxPathLength = 2_048

/** The Path of a REGISTER (RFC 3327 §4) as the Route header of requests to the phone, the nearest proxy first; `''` if there is none. */
export function readPath(header: string): string | Refusal {
  if (header.length > maxPathLength) return refusal(400, 'Path Too Long')
  const values = splitList(header)
  if (values.length > maxProxies) return refusal(400, 'Path Too Long')
  const routes: string[] = []
  for (const value of values) {
    // Without brackets, `;lr` would belong to the header (RFC 3261 §20.10).
    const route = value.includes('<') ? value : `<${value}>`
    const uri = parseUri(parseNameAddr(route)?.uri ?? '')
    if (uri?.kind !== 'sip' || /[|\s]/.test(route)) return refusal(400, 'Bad Path')
    routes.push(route)
  }
  return routes.join(', ')
}

/** RFC 3327 §5.3: the 200 contains the Path if the phone supports it. */
export function returnedPath(request: IncomingRequest, path: string): { readonly Path?: string } {
  const options = splitList(`${request.header('supported')},${request.header('require')}`)
  return path !== '' && options.some((option) => option.toLowerCase() === 'path') ? { Path: path } : {}
}
