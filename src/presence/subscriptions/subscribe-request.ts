import type { DeviceId } from '../../base/identity.js'
import type { Directory } from '../../directory/directory.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import type { Registrar } from '../../registrar/registrar.js'
import { splitList } from '../../sip/syntax/list.js'
import { dialled } from '../../sip/uri/dialled.js'
import { parseUri, printUri } from '../../sip/uri/uri.js'
import { noUriHeaders } from '../../sip/uri/uri-parameters.js'
import type { IncomingRequest, IncomingSubscribe, SipHeaders } from '../../srf/srf.js'
import { resourceListType } from '../documents/resource-list.js'
import type { LampRights } from '../watched/lamp-rights.js'
import type { Watcher } from '../watched/states.js'
import { type Watched, type WatchedNeeds, watchedAt } from '../watched/watched.js'
import { documentTypes, type LampEvent } from './lamp.js'

/** A SUBSCRIBE that is accepted. */
export interface Accepted {
  readonly event: LampEvent
  readonly by: Watcher
  readonly watched: Watched
  /** The address watched, as the phone has written it. */
  readonly uri: string
  /** Its user part. */
  readonly name: string
  readonly seconds: number
}

interface Refusal {
  readonly status: number
  readonly reason?: string
  readonly headers?: SipHeaders
}

export interface SubscribeJudgeNeeds extends WatchedNeeds {
  readonly directory: Pick<Directory, 'user' | 'device' | 'isFilled'>
  readonly hotdesk: Pick<Hotdesk, 'userOn'>
  readonly registrar: Pick<Registrar, 'authenticate' | 'isCalled'>
  readonly rights: Pick<LampRights, 'mayWatch'>
  /** Subscriptions of that phone. */
  readonly countOf: (device: DeviceId) => number
}

/** RFC 4235 §3.4, RFC 3856 §6.4 */
const mostSeconds = 3_600
export const leastSeconds = 60
/** A phone with three expansion modules of 60 keys has fewer. */
const mostOfPhone = 250

/** Judges a SUBSCRIBE that begins a subscription (RFC 6665 §4.2.1). Null: it has its response. */
export function judgeSubscribe(request: IncomingSubscribe, needs: SubscribeJudgeNeeds): Accepted | null {
  if (!needs.directory.isFilled) return refuse(request, { status: 503, headers: { 'Retry-After': '10' } })
  const who = needs.registrar.authenticate(request)
  if (who.outcome !== 'device') return null
  const event = request.event === 'presence' ? 'presence' : 'dialog'
  const judged = judge(request, { event, by: watcherOn(who.device, needs) }, needs)
  return 'status' in judged ? refuse(request, judged) : judged
}

/** The user who is logged in at the phone, else its owner. */
export function watcherOn(device: DeviceId, { directory, hotdesk }: Pick<SubscribeJudgeNeeds, 'directory' | 'hotdesk'>): Watcher {
  return { device, user: hotdesk.userOn(device) ?? directory.device(device)?.owner ?? null }
}

function judge(request: IncomingSubscribe, { event, by }: Pick<Accepted, 'event' | 'by'>, needs: SubscribeJudgeNeeds): Accepted | Refusal {
  const { registrar, rights, countOf } = needs
  if (!registrar.isCalled(request, by.device)) return { status: 404, reason: 'Domain Not Served Here' }
  const name = dialled(request.uri)
  const watched = watchedAt(name, needs)
  if (watched === null) return { status: 404 }
  const unsupported = splitList(request.header('Require')).filter((option) => option.toLowerCase() !== 'eventlist')
  if (unsupported.length > 0) return { status: 420, headers: { Unsupported: unsupported.join(', ') } }
  const isList = watched.kind === 'list'
  // RFC 4662 §4.2
  if (isList && !supports(request, 'eventlist')) return { status: 421, headers: { Require: 'eventlist' } }
  const types = isList ? ['multipart/related', resourceListType, documentTypes[event]] : [documentTypes[event]]
  if (!types.every((type) => accepts(request, type))) return { status: 406 }
  const seconds = grantedSeconds(request.expires)
  if (seconds === null) return { status: 423, headers: { 'Min-Expires': String(leastSeconds) } }
  if (!rights.mayWatch(watched, by)) return { status: 403 }
  if (countOf(by.device) >= mostOfPhone) return { status: 403, reason: 'Too Many Subscriptions' }
  return { event, by, watched, uri: addressIn(request.uri), name, seconds }
}

/** Never longer than requested; 0 asks for the state alone (RFC 6665 §4.2.1.1, §4.4.3). Null: too short. */
export function grantedSeconds(requested: number | null): number | null {
  if (requested === null) return mostSeconds
  return requested === 0 || requested >= leastSeconds ? Math.min(requested, mostSeconds) : null
}

function refuse(request: IncomingRequest, { status, ...parts }: Refusal): null {
  request.respond(status, parts)
  return null
}

function supports({ header }: IncomingRequest, option: string): boolean {
  return splitList(`${header('Supported')},${header('Require')}`).some((word) => word.toLowerCase() === option)
}

/** Without Accept the type of the event package counts (RFC 4235 §3.5). */
function accepts({ header }: IncomingRequest, type: string): boolean {
  const ranges = splitList(header('Accept')).map((range) => (range.split(';', 1)[0] ?? '').trim().toLowerCase())
  return ranges.length === 0 || ranges.some((range) => range === type || range === '*/*' || range === `${type.split('/', 1)[0] ?? ''}/*`)
}

/** Phones compare it with the address of the key: the user as they write it, and the domain. */
function addressIn(uri: string): string {
  const parsed = parseUri(uri)
  if (parsed?.kind !== 'sip') return uri
  return printUri({ ...parsed, password: null, port: null, params: new Map(), headers: noUriHeaders })
}
