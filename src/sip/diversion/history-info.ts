import { nameAddr, parseNameAddr, printNameAddr } from '../headers/name-addr.js'
import type { HeaderReader } from '../identity/caller.js'
import { splitList } from '../syntax/list.js'
import type { Parameters } from '../syntax/parameters.js'
import { dialled } from '../uri/dialled.js'
import { parseUri, printUri } from '../uri/uri.js'
import { decodeUser } from '../uri/user-part.js'
import { type Diversion, maxDiversions } from './diversion.js'
import { causeOf, reasonOfCause } from './diversion-reason.js'

/** One hi-entry (RFC 7044 §5). */
interface Entry {
  /** `1.2.1` */
  readonly index: string
  readonly number: string
  readonly name: string
  readonly isPrivate: boolean
  /** Status in the Reason of the address (RFC 7044 §10.2): why the request went elsewhere from here. */
  readonly left: number | null
  /** `cause` of the address (RFC 4458 §2.2): why the request came here. */
  readonly came: number | null
  /** The entry that was mapped to this one (`mp`); null: none. */
  readonly mappedFrom: string | null
  /** `rc` or `np`: the same user under another address. */
  readonly isSameUser: boolean
}

/** The forwards in History-Info, oldest first. `numberIn`: reads the number of a URI. */
export function historyIn(header: HeaderReader, numberIn = dialled): readonly Diversion[] {
  // RFC 7044 §10.1.2
  const isPrivate = /(^|[;,\s])(history|header)($|[;,\s])/i.test(header('Privacy'))
  const values = splitList(header('History-Info')).slice(0, maxDiversions)
  const entries = values.flatMap((value) => entryIn(value, numberIn))
  const known = new Map(entries.map((entry) => [entry.index, entry]))
  return entries.flatMap((entry) => {
    const from = known.get(entry.mappedFrom ?? parentOf(entry.index))
    if (!from || !isDiverted(entry, from)) return []
    const reason = reasonOfCause(entry.came ?? from.left ?? 0)
    return [{ number: from.number, name: from.name, reason, times: 1, isPrivate: isPrivate || from.isPrivate }]
  })
}

/** RFC 4244 had no `mp`: a cause or a Reason alone shows the forward. */
function isDiverted({ mappedFrom, isSameUser, came }: Entry, { left }: Entry): boolean {
  return mappedFrom !== null || (!isSameUser && (came !== null || left !== null))
}

function parentOf(index: string): string {
  return index.slice(0, Math.max(0, index.lastIndexOf('.')))
}

const isIndex = (text: string | null | undefined): text is string => /^[0-9]{1,4}(\.[0-9]{1,4}){0,20}$/.test(text ?? '')

function entryIn(value: string, numberIn: typeof dialled): readonly Entry[] {
  const address = parseNameAddr(value)
  const uri = address && parseUri(address.uri)
  if (!address || !uri || !isIndex(address.params.get('index'))) return []
  const headers = uri.kind === 'sip' ? uri.headers : []
  const inner = (name: string): string => decodeUser(headers.find((each) => each.name.toLowerCase() === name)?.value ?? '')
  const mapped = address.params.get('mp')
  return [
    {
      index: address.params.get('index') ?? '',
      number: numberIn(address.uri),
      name: address.display,
      isPrivate: /history|header|full/i.test(inner('privacy')),
      left: sipCauseIn(inner('reason')),
      came: uri.kind === 'other' ? null : statusIn(uri.params.get('cause')),
      mappedFrom: isIndex(mapped) ? mapped : null,
      isSameUser: address.params.has('rc') || address.params.has('np'),
    },
  ]
}

/** The cause of the protocol SIP in a Reason header (RFC 3326 §2). */
function sipCauseIn(reason: string): number | null {
  const sip = splitList(reason).find((value) => /^SIP\s*;/i.test(value)) ?? ''
  return statusIn(/;\s*cause\s*=\s*([0-9]{3})(?![0-9])/i.exec(sip)?.[1])
}

function statusIn(text: string | null | undefined): number | null {
  return /^[1-6][0-9]{2}$/.test(text ?? '') ? Number(text) : null
}

/**
 * The value of History-Info: the address that was called first, and one entry for each forward, ending with the address that is called now
 * (RFC 7544 §5). `uriOf` as for Diversion, but every entry needs an address. `target`: the Request-URI.
 */
export function printHistory(diversions: readonly Diversion[], uriOf: (diversion: Diversion) => string, target: string): string {
  const forwards = diversions.flatMap((left) => [...counted(left.times - 1), { uri: uriOf(left), left }]).slice(-maxDiversions)
  const entries = [...forwards, { uri: target, left: null }]
  return entries
    .map(({ uri, left }, place) => {
      const came = forwards[place - 1]?.left
      const address = addressOf(uri, { came: came ? causeOf(came.reason) : null, left })
      return printNameAddr(nameAddr(address, left && !left.isPrivate ? left.name : '', placeParams(place)))
    })
    .join(', ')
}

/** Entries of forwards that are known only by their number. */
function counted(times: number): readonly { readonly uri: string; readonly left: Diversion }[] {
  const left: Diversion = { number: '', name: '', reason: 'unknown', times: 1, isPrivate: false }
  return Array.from({ length: times }, () => ({ uri: 'sip:unknown@unknown.invalid', left }))
}

/** A forward maps the request to another user, hence `mp` (RFC 7044 §10.4). */
function placeParams(place: number): Parameters {
  const index = (length: number): string => Array.from({ length }, () => '1').join('.')
  const mapped = place === 0 ? [] : [['mp', index(place)] as const]
  return new Map([['index', index(place + 1)] as const, ...mapped])
}

interface Story {
  readonly came: number | null
  readonly left: Diversion | null
}

function addressOf(text: string, { came, left }: Story): string {
  const uri = parseUri(text)
  if (uri?.kind !== 'sip') return text
  const params = came === null ? uri.params : new Map(uri.params).set('cause', String(came))
  const reason = left && { name: 'Reason', value: `SIP%3Bcause%3D${causeOf(left.reason)}` }
  // RFC 7044 §10.1.2: it is removed when the address is hidden.
  const privacy = left?.isPrivate && uri.host !== 'anonymous.invalid' ? [{ name: 'Privacy', value: 'history' }] : []
  return printUri({ ...uri, params, headers: reason ? [reason, ...privacy] : [] })
}
