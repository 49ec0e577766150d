import type { Clock, Milliseconds } from '../../base/clock.js'
import { type DeviceId, parseDeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import { fromZero, type Metrics } from '../../base/metrics.js'
import type { Secret } from '../../base/secret.js'
import type { Directory } from '../../directory/directory.js'
import { type DigestAlgorithm, printChallenge } from '../../sip/auth/digest.js'
import type { NonceFormNeeds } from '../../sip/auth/nonce.js'
import type { IncomingRequest } from '../../srf/srf.js'
import type { Names } from '../names.js'
import { userAgentOf } from '../register/register-request.js'
import { createAlgorithmOffers } from './algorithm-offers.js'
import { type CheckResult, createCredentialCheck, type Refused } from './credential-check.js'
import { credentialHeaders, nameIn, roleFor } from './credentials.js'
import { createNonces } from './nonce.js'
import { createPasswordGuesses, type PasswordGuesses, type SourceRelation } from './password-guesses.js'

/** An authenticated device. */
export interface Proven {
  readonly outcome: 'device'
  readonly device: DeviceId
  /** The algorithm of its credentials. */
  readonly digest: DigestAlgorithm
}

/** If the outcome is not a device, the challenge or refusal has been sent. */
export type Authentication = Proven | { readonly outcome: 'challenged' | 'refused' }

/** The result of checking credentials without sending anything. `none`: the request has none. */
export type Examination = Proven | { readonly outcome: 'none' | 'wrong' | 'stale' }

export interface AuthenticationSettings {
  /** One challenge each, best first (RFC 8760 §2.3). */
  readonly algorithms: readonly DigestAlgorithm[]
  /** `optional` accepts phones that support only RFC 2069. */
  readonly qop: 'optional' | 'required'
}

/** A recorded nonce can be replayed for this time at most (RFC 7616 §3.3). */
export const nonceLifetimeMs: Milliseconds = 300_000
/** Nonces whose counts are kept in memory: several for each phone of a large node. */
const nonceCapacity = 50_000
/** Phones that are remembered as supporting MD5 alone: see AlgorithmOffers. */
const offerCapacity = 50_000

export interface Authenticator {
  authenticate(request: IncomingRequest): Authentication
  /** Checks Proxy-Authorization, then Authorization, and sends nothing. */
  examine(request: IncomingRequest): Examination
  /** Sends a challenge that every phone can answer. */
  challengeCompatibly(request: IncomingRequest): void
  /** The record of the device has changed, perhaps its password. */
  deviceChanged(device: DeviceId): void
  /** What the rest of the process needs to make nonces of the same maker. */
  readonly nonceForm: NonceFormNeeds
  readonly guesses: PasswordGuesses
}

export interface AuthenticatorNeeds {
  readonly directory: Pick<Directory, 'device'>
  readonly names: Names
  /** Strength of the algorithm with which the device registered, possibly before a restart; null: not known. */
  readonly strengthOf: (device: DeviceId, request: IncomingRequest) => 'weak' | 'strong' | null
  readonly relationOf: (device: DeviceId, request: IncomingRequest) => SourceRelation
  readonly realm: string
  readonly secret: Secret
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'digestRefusedTotal'>
  readonly settings: AuthenticationSettings
}

/** Why credentials are refused: label of the metric and `reason` in the log, and the log message. */
const refusals = {
  wrong: { reason: 'password', text: 'wrong user name or password' },
  held: { reason: 'held', text: 'too many wrong passwords; this one was not checked' },
  'other uri': { reason: 'uri', text: 'credentials made for another request' },
  'other device': { reason: 'device', text: 'credentials of another device' },
} as const satisfies Record<Refused['kind'], object>

/** Challenges devices and checks their credentials (RFC 3261 §22.4, RFC 7616, RFC 8760). */
export function createAuthenticator(needs: AuthenticatorNeeds): Authenticator {
  const { realm, clock, log, metrics, settings } = needs
  const { algorithms, qop } = settings
  const nonces = createNonces({ secret: needs.secret, clock, lifetimeMs: nonceLifetimeMs, capacity: nonceCapacity })
  const offers = createAlgorithmOffers({ algorithms, capacity: offerCapacity })
  const guesses = createPasswordGuesses(clock)
  const check = createCredentialCheck({ ...needs, nonces, guesses, algorithms, qop })
  fromZero(
    metrics.digestRefusedTotal,
    Object.values(refusals).map(({ reason }) => ({ reason })),
  )

  function challenge(request: IncomingRequest, freshness: 'stale' | 'first', offered: readonly DigestAlgorithm[]): void {
    const role = roleFor(request)
    const nonce = nonces.issue(request.source.address)
    const common = { realm, nonce, qop: ['auth'], opaque: null, stale: freshness === 'stale' } as const
    const lines = offered.map((algorithm) => printChallenge({ ...common, algorithm }))
    request.respond(role.status, { headers: { [role.challenge]: lines } })
  }

  function offerTo(request: IncomingRequest, used: DigestAlgorithm | null): readonly DigestAlgorithm[] {
    const name = nameIn(request) ?? ''
    const device = parseDeviceId(name)
    const requester = {
      // Distinguishes phones by their own name, address and User-Agent. Proves nothing.
      key: `${name}@${request.source.address} ${userAgentOf(request)}`,
      userAgent: request.header('user-agent'),
      strength: device && needs.strengthOf(device, request),
    }
    return request.header(roleFor(request).credentials) === '' ? offers.first(requester) : offers.again(requester, used)
  }

  /** Only device names are logged: a user name may be a PIN or password typed in the wrong field. */
  function shownName(username: string): string {
    const device = parseDeviceId(username.split('@', 1)[0] ?? '')
    return (device && needs.directory.device(device)?.id) ?? 'unknown'
  }

  /** The nonce proves `source`, so a program that reads the log may block it. Held guesses are only counted. */
  function reportRefusal({ kind, credentials }: Refused, { source }: IncomingRequest): void {
    const { reason, text } = refusals[kind]
    metrics.digestRefusedTotal.inc({ reason })
    const line = { event: 'registrar.refused', reason, username: shownName(credentials.username), source: source.address }
    if (kind === 'held') log.debug(line, text)
    else log.warn(line, text)
  }

  function respond(request: IncomingRequest, judgement: CheckResult, offered: readonly DigestAlgorithm[]): Authentication {
    if (judgement.kind === 'right') return { outcome: 'device', device: judgement.device, digest: judgement.digest }
    if (judgement.kind === 'none' || judgement.kind === 'stale') {
      challenge(request, judgement.kind === 'stale' ? 'stale' : 'first', offered)
      return { outcome: 'challenged' }
    }
    reportRefusal(judgement, request)
    // RFC 7616 §3.4.6 for the URI; RFC 3261 §10.3 step 4 for the device.
    if (judgement.kind === 'other uri') request.respond(400, { reason: 'Digest URI Does Not Match' })
    else if (judgement.kind === 'other device') request.respond(403)
    // A guesser must not learn that the password was not checked.
    else challenge(request, 'first', offered)
    return { outcome: 'refused' }
  }

  return {
    authenticate(request) {
      const judgement = check(request, [roleFor(request).credentials])
      const used = judgement.kind === 'right' ? judgement.digest : judgement.kind === 'none' ? null : judgement.credentials.algorithm
      return respond(request, judgement, offerTo(request, used))
    },
    examine(request) {
      const judgement = check(request, credentialHeaders)
      if (judgement.kind === 'right') return { outcome: 'device', device: judgement.device, digest: judgement.digest }
      if (judgement.kind === 'stale') return { outcome: 'stale' }
      const isBare = judgement.kind === 'none' && credentialHeaders.every((header) => request.header(header) === '')
      return { outcome: isBare ? 'none' : 'wrong' }
    },
    challengeCompatibly: (request) => challenge(request, 'first', offers.compatible),
    deviceChanged: (device) => guesses.forget(device),
    nonceForm: nonces.form,
    guesses,
  }
}
