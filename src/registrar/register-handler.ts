import type { Clock } from '../base/clock.js'
import type { Emitter } from '../base/emitter.js'
import type { DeviceId, NodeName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { IncomingRequest } from '../srf/srf.js'
import type { Authenticator } from './authenticator.js'
import { type BoundContact, sameButExpiry } from './binding.js'
import type { Bindings } from './bindings.js'
import { changeContacts } from './contact-changes.js'
import { type ExpiryLimits, type Refusal, readOrigin, readWish, unsupportedExtensions, type Wish } from './register-request.js'

export interface RegisterNeeds {
  readonly bindings: Bindings
  readonly authenticator: Authenticator
  readonly node: NodeName
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly limits: ExpiryLimits
  /** Hears of each device that has a binding here after its REGISTER. */
  readonly registered: Emitter<[DeviceId]>
}

/** Answers one REGISTER by the steps of RFC 3261 §10.3. */
export function createRegisterHandler(needs: RegisterNeeds): (request: IncomingRequest) => void {
  const { bindings, authenticator, node, clock, log, metrics, limits, registered } = needs

  function count(outcome: string): void {
    metrics.registrationsTotal.inc({ outcome })
  }

  function refuse(request: IncomingRequest, { status, reason, headers = {} }: Refusal): void {
    count('refused')
    log.debug({ event: 'registrar.refused', status, reason, source: request.source.address }, 'REGISTER refused')
    request.respond(status, { reason, headers })
  }

  function answer(request: IncomingRequest, device: DeviceId): void {
    const contacts = bindings.of(device).map(({ contact, expires }) => `<${contact}>;expires=${secondsLeft(expires)}`)
    // RFC 3261 §10.3 step 8: the phone may set its clock by it.
    request.respond(200, {
      headers: { ...(contacts.length > 0 && { Contact: contacts.join(', ') }), Date: new Date(clock.now()).toUTCString() },
    })
  }

  function secondsLeft(expires: number): number {
    return Math.max(0, expires - Math.ceil(clock.now() / 1000))
  }

  function change(request: IncomingRequest, device: DeviceId, wish: Exclude<Wish, { kind: 'fetch' }>): Refusal | null {
    const origin = readOrigin(request)
    if ('kind' in origin) return origin
    const present = bindings.of(device)
    const changed = changeContacts(present, { device, node, wish, origin, limits, now: clock.now() / 1000 })
    if (changed.kind === 'refusal') return changed
    bindings.commit(device, changed.bindings)
    report(device, present, changed.bindings)
    return null
  }

  function report(device: DeviceId, before: readonly BoundContact[], after: readonly BoundContact[]): void {
    const last = after.at(-1)
    if (!last) {
      count('unregistered')
      log.info({ event: 'registrar.unbound', device }, `${device} has unregistered`)
    } else if (sameButExpiry(before, after)) count('refreshed')
    else {
      count('registered')
      const { contact, flow, userAgent } = last
      log.info({ event: 'registrar.bound', device, contact, flow, userAgent, contacts: after.length }, `${device} is registered`)
    }
  }

  /** Steps 6 to 8, for the device whose bindings they are. */
  function serve(request: IncomingRequest, device: DeviceId): void {
    const wish = readWish(request, limits)
    const refused = wish.kind === 'refusal' ? wish : wish.kind === 'fetch' ? null : change(request, device, wish)
    if (refused) {
      refuse(request, refused)
      return
    }
    if (wish.kind === 'fetch') count('fetched')
    answer(request, device)
    if (wish.kind === 'change' && bindings.of(device).length > 0) registered.emit(device)
  }

  function identify(request: IncomingRequest): void {
    const who = authenticator.authenticate(request)
    if (who.outcome === 'device') serve(request, who.device)
    else count(who.outcome)
  }

  return (request) => {
    const unsupported = unsupportedExtensions(request)
    if (unsupported) refuse(request, unsupported)
    else identify(request)
  }
}
