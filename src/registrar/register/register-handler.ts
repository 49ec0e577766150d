import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Emitter } from '../../base/emitter.js'
import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Directory } from '../../directory/directory.js'
import type { IncomingRequest } from '../../srf/srf.js'
import type { AlgorithmRecords } from '../authentication/algorithm-records.js'
import type { Authenticator, Proven } from '../authentication/authenticator.js'
import type { Bindings } from '../bindings/bindings.js'
import { type BoundContact, sameButExpiry } from '../bindings/record.js'
import type { Names } from '../names.js'
import { changeContacts } from './contact-changes.js'
import { returnedPath } from './path.js'
import { type Refusal, refusal } from './refusal.js'
import { type ExpiryLimits, type RegisterIntent, readIntent, readOrigin, unsupportedExtensions } from './register-request.js'

export interface RegisterNeeds {
  readonly bindings: Bindings
  readonly authenticator: Authenticator
  readonly algorithmRecords: AlgorithmRecords
  readonly names: Names
  readonly directory: Pick<Directory, 'isFilled'>
  readonly node: NodeName
  /** The node's own. */
  readonly clock: Clock
  /** Time of the Date header, by which phones set their clocks. */
  readonly date: () => Milliseconds
  readonly log: Logger
  readonly metrics: Metrics
  /** The node is draining, and another node of the site takes this phone. */
  readonly mustMove: (device: DeviceId) => boolean
  /** A reload may change them. */
  readonly limits: () => ExpiryLimits
  /** Emits each device that has a binding here after its REGISTER. */
  readonly registered: Emitter<[DeviceId, RegistrationKind]>
}

/** `new`: on another flow or with another Call-ID than before. The phone may have restarted, or NAT may have moved it to another port. */
export type RegistrationKind = 'new' | 'refresh'

/** The directory is empty. A phone refused with 401 or 403 would stay away for long; after 503 it tries again soon, or tries another node. */
const emptyDirectory: Refusal = { kind: 'refusal', status: 503, reason: 'Please Try Later', headers: { 'Retry-After': '10' } }

/**
 * A phone that found this node by DNS SRV goes to the next server of the list at a 503 (RFC 3263 §4.3), and does not come back before Retry-After has
 * passed (RFC 3261 §21.5.4). It keeps its binding here until it expires, so calls reach it meanwhile.
 */
const moving: Refusal = { kind: 'refusal', status: 503, reason: 'Node Draining', headers: { 'Retry-After': '60' } }

/** Step 5: the address-of-record does not belong to this network. */
const otherDomain = refusal(404, 'Domain Not Served Here')

/** Handles a REGISTER by the steps of RFC 3261 §10.3. */
export function createRegisterHandler(needs: RegisterNeeds): (request: IncomingRequest) => void {
  const { bindings, authenticator, node, clock, date, limits, registered } = needs
  const count = (outcome: string): void => needs.metrics.registrationsTotal.inc({ outcome })

  function change(
    request: IncomingRequest,
    { device, digest }: Proven,
    intent: Exclude<RegisterIntent, { kind: 'fetch' }>,
  ): Refusal | null {
    const origin = readOrigin(request, { digest, domain: needs.names.domainIn(request) })
    if ('kind' in origin) return origin
    const present = bindings.of(device)
    const changed = changeContacts(present, { device, node, intent, origin, now: clock.now() / 1000, isClosed: bindings.isClosed })
    if (changed.kind === 'refusal') return changed
    bindings.replace(device, changed.bindings)
    if (changed.bindings.length > 0) needs.algorithmRecords.note(device, digest, request)
    count(report(device, { before: present, after: changed.bindings }, needs.log))
    return null
  }

  /** Steps 5 to 8, for the authenticated device. */
  function serve(request: IncomingRequest, proven: Proven): void {
    const { device } = proven
    const before = bindings.of(device)
    const intent = needs.names.isServed(request) ? readIntent(request, limits()) : otherDomain
    const isAway = intent.kind === 'change' && intent.contacts.some(({ seconds }) => seconds > 0) && needs.mustMove(device)
    const refused = isAway ? moving : intent.kind === 'refusal' ? intent : intent.kind === 'fetch' ? null : change(request, proven, intent)
    if (refused) {
      count('refused')
      refuse(request, refused, needs.log)
      return
    }
    if (intent.kind === 'fetch') count('fetched')
    respond(request, bindings.of(device), { now: clock.now(), date: date() })
    if (intent.kind === 'change' && bindings.of(device).length > 0) registered.emit(device, kindOf(before, bindings.of(device)))
  }

  return (request) => {
    const refused = needs.directory.isFilled ? unsupportedExtensions(request) : emptyDirectory
    if (refused) {
      count('refused')
      refuse(request, refused, needs.log)
      return
    }
    const who = authenticator.authenticate(request)
    if (who.outcome === 'device') serve(request, who)
    else count(who.outcome)
  }
}

function kindOf(before: readonly BoundContact[], after: readonly BoundContact[]): RegistrationKind {
  const isKnown = ({ flow, callId }: BoundContact): boolean => before.some((binding) => binding.flow === flow && binding.callId === callId)
  return after.every(isKnown) ? 'refresh' : 'new'
}

function refuse(request: IncomingRequest, { status, reason, headers = {} }: Refusal, log: Logger): void {
  log.debug({ event: 'registrar.refused', status, reason, source: request.source.address }, 'REGISTER refused')
  request.respond(status, { reason, headers })
}

interface ResponseTime {
  readonly now: Milliseconds
  readonly date: Milliseconds
}

/** Step 8: all bindings with their remaining seconds, and the Date by which the phone may set its clock. */
function respond(request: IncomingRequest, bindings: readonly BoundContact[], { now, date }: ResponseTime): void {
  const left = (expires: number): number => Math.max(0, expires - Math.ceil(now / 1000))
  const contacts = bindings.map(({ contact, expires }) => `<${contact}>;expires=${left(expires)}`)
  const path = bindings.find(({ callId }) => callId === request.callId)?.path ?? ''
  const headers = { ...(contacts.length > 0 && { Contact: contacts.join(', ') }), ...returnedPath(request, path) }
  request.respond(200, { headers: { ...headers, Date: new Date(date).toUTCString() } })
}

interface Change {
  readonly before: readonly BoundContact[]
  readonly after: readonly BoundContact[]
}

/** Logs the change. Returns its outcome for the metric. */
function report(device: DeviceId, { before, after }: Change, log: Logger): 'registered' | 'refreshed' | 'unregistered' {
  const last = after.at(-1)
  if (!last) {
    log.info({ event: 'registrar.unbound', device }, `${device} has unregistered`)
    return 'unregistered'
  }
  if (sameButExpiry(before, after)) return 'refreshed'
  const { contact, flow, userAgent } = last
  log.info({ event: 'registrar.bound', device, contact, flow, userAgent, contacts: after.length }, `${device} is registered`)
  return 'registered'
}
