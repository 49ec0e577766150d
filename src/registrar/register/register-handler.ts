import type { Clock, Milliseconds } from '../../base/clock.js'
import type { Emitter } from '../../base/emitter.js'
import type { DeviceId, NodeName } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Directory } from '../../directory/directory.js'
import type { IncomingRequest } from '../../srf/srf.js'
import type { Proofs } from '../authentication/algorithm-records.js'
import type { Authenticator, Proven } from '../authentication/authenticator.js'
import type { Bindings } from '../bindings/bindings.js'
import { type BoundContact, sameButExpiry } from '../bindings/record.js'
import type { Names } from '../names.js'
import { changeContacts } from './contact-changes.js'
import { returnedPath } from './path.js'
import { type Refusal, refusal } from './refusal.js'
import { type ExpiryLimits, readOrigin, readWish, unsupportedExtensions, type Wish } from './register-request.js'

export interface RegisterNeeds {
  readonly bindings: Bindings
  readonly authenticator: Authenticator
  readonly proofs: Proofs
  readonly names: Names
  readonly directory: Pick<Directory, 'isFilled'>
  readonly node: NodeName
  /** The node's own. */
  readonly clock: Clock
  /** By which a phone may set its clock. */
  readonly date: () => Milliseconds
  readonly log: Logger
  readonly metrics: Metrics
  readonly limits: ExpiryLimits
  /** Hears of each device that has a binding here after its REGISTER. */
  readonly registered: Emitter<[DeviceId, RegisteredHow]>
}

/** `anew`: on a flow or with a Call-ID that it was not registered with. It may have restarted, or its address translation may have moved it. */
export type RegisteredHow = 'anew' | 'again'

/** A phone whose right password is refused stays away for long; this one comes again soon, or tries another node. */
const knowsNobody: Refusal = { kind: 'refusal', status: 503, reason: 'Please Try Later', headers: { 'Retry-After': '10' } }

/** Step 5: the address-of-record is not one of this network. */
const otherDomain = refusal(404, 'Domain Not Served Here')

/** Answers one REGISTER by the steps of RFC 3261 §10.3. */
export function createRegisterHandler(needs: RegisterNeeds): (request: IncomingRequest) => void {
  const { bindings, authenticator, node, clock, date, limits, registered } = needs
  const count = (outcome: string): void => needs.metrics.registrationsTotal.inc({ outcome })

  function change(request: IncomingRequest, { device, digest }: Proven, wish: Exclude<Wish, { kind: 'fetch' }>): Refusal | null {
    const origin = readOrigin(request, { digest, domain: needs.names.domainIn(request) })
    if ('kind' in origin) return origin
    const present = bindings.of(device)
    const changed = changeContacts(present, { device, node, wish, origin, limits, now: clock.now() / 1000, isClosed: bindings.isClosed })
    if (changed.kind === 'refusal') return changed
    bindings.replace(device, changed.bindings)
    if (changed.bindings.length > 0) needs.proofs.note(device, digest, request)
    count(report(device, { before: present, after: changed.bindings }, needs.log))
    return null
  }

  /** Steps 5 to 8, for the device whose bindings they are. */
  function serve(request: IncomingRequest, proven: Proven): void {
    const { device } = proven
    const before = bindings.of(device)
    const wish = needs.names.isServed(request) ? readWish(request, limits) : otherDomain
    const refused = wish.kind === 'refusal' ? wish : wish.kind === 'fetch' ? null : change(request, proven, wish)
    if (refused) {
      count('refused')
      refuse(request, refused, needs.log)
      return
    }
    if (wish.kind === 'fetch') count('fetched')
    answer(request, bindings.of(device), { now: clock.now(), date: date() })
    if (wish.kind === 'change' && bindings.of(device).length > 0) registered.emit(device, howRegistered(before, bindings.of(device)))
  }

  return (request) => {
    const refused = needs.directory.isFilled ? unsupportedExtensions(request) : knowsNobody
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

function howRegistered(before: readonly BoundContact[], after: readonly BoundContact[]): RegisteredHow {
  const isKnown = ({ flow, callId }: BoundContact): boolean => before.some((binding) => binding.flow === flow && binding.callId === callId)
  return after.every(isKnown) ? 'again' : 'anew'
}

function refuse(request: IncomingRequest, { status, reason, headers = {} }: Refusal, log: Logger): void {
  log.debug({ event: 'registrar.refused', status, reason, source: request.source.address }, 'REGISTER refused')
  request.respond(status, { reason, headers })
}

interface Moment {
  readonly now: Milliseconds
  readonly date: Milliseconds
}

/** Step 8: all bindings with the seconds that are left to them; the phone may set its clock by Date. */
function answer(request: IncomingRequest, bindings: readonly BoundContact[], { now, date }: Moment): void {
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

/** What operators hear of it; answers its name in the metric. */
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
