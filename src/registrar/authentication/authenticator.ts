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
import { createJudge, type Judgement, type Refused } from './credential-check.js'
import { credentialHeaders, nameIn, roleFor } from './credentials.js'
import { createNonces } from './nonce.js'
import { createPasswordGuesses, defaultPasswordGuessLimits, type PasswordGuessLimits, type Standing } from './password-guesses.js'

/** A device that has shown that it knows its password. */
export interface Proven {
  readonly outcome: 'device'
  readonly device: DeviceId
  /** By which it has shown it. */
  readonly digest: DigestAlgorithm
}

/** The challenge or refusal has already been sent when the answer is not a device. */
export type Authentication = Proven | { readonly outcome: 'challenged' | 'refused' }

/** What the credentials of a request show when nothing is sent because of it. `none`: it has none. */
export type Examination = Proven | { readonly outcome: 'none' | 'wrong' | 'stale' }

export interface AuthenticationSettings {
  /** One challenge each, best first (RFC 8760 §2.3). */
  readonly algorithms: readonly DigestAlgorithm[]
  /** `optional` accepts phones that know RFC 2069 alone. */
  readonly qop: 'optional' | 'required'
  readonly nonceLifetimeMs: Milliseconds
  /** Nonces in use at the same time of which counts are kept. */
  readonly nonceCapacity: number
  /** Phones that are remembered as old: see Offers. */
  readonly offerCapacity: number
  readonly guesses: PasswordGuessLimits
}

export const defaultAuthentication: AuthenticationSettings = {
  algorithms: ['SHA-256', 'MD5'],
  qop: 'optional',
  nonceLifetimeMs: 300_000,
  nonceCapacity: 50_000,
  offerCapacity: 50_000,
  guesses: defaultPasswordGuessLimits,
}

export interface Authenticator {
  authenticate(request: IncomingRequest): Authentication
  /** Looks at Proxy-Authorization, then at Authorization, and sends nothing. */
  examine(request: IncomingRequest): Examination
  /** Asks for no more than every phone can answer. */
  challengeGently(request: IncomingRequest): void
  /** The device has another password. */
  renewed(device: DeviceId): void
  /** By which nonces of this maker are made elsewhere in the process. */
  readonly nonceForm: NonceFormNeeds
}

export interface AuthenticatorNeeds {
  readonly directory: Pick<Directory, 'device'>
  readonly names: Names
  /** By which the device proved itself when it registered; it may have been before a restart. */
  readonly proofOf: (device: DeviceId, request: IncomingRequest) => 'weak' | 'strong' | null
  readonly standingOf: (device: DeviceId, request: IncomingRequest) => Standing
  readonly realm: string
  readonly secret: Secret
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'digestRefusedTotal'>
  readonly settings: AuthenticationSettings
}

/** Why credentials are refused: label of the metric and `reason` in the log, and what the log says. */
const refusals = {
  wrong: { reason: 'password', text: 'wrong user name or password' },
  held: { reason: 'held', text: 'too many wrong passwords; this one was not looked at' },
  'other uri': { reason: 'uri', text: 'credentials made for another request' },
  'other device': { reason: 'device', text: 'credentials of another device' },
} as const satisfies Record<Refused['kind'], object>

/** Challenges devices and takes their answers: RFC 3261 §22.4, RFC 7616, RFC 8760. */
export function createAuthenticator(needs: AuthenticatorNeeds): Authenticator {
  const { realm, clock, log, metrics, settings } = needs
  const { algorithms, nonceLifetimeMs: lifetimeMs, nonceCapacity: capacity } = settings
  const nonces = createNonces({ secret: needs.secret, clock, lifetimeMs, capacity })
  const offers = createAlgorithmOffers({ algorithms, capacity: settings.offerCapacity })
  const guesses = createPasswordGuesses({ clock, limits: settings.guesses })
  const judge = createJudge({ ...needs, nonces, guesses, algorithms, qop: settings.qop })
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
    const asker = {
      // The phone as it calls itself, where and what it is: enough to tell one from another, which proves nothing.
      key: `${name}@${request.source.address} ${userAgentOf(request)}`,
      userAgent: request.header('user-agent'),
      proof: device && needs.proofOf(device, request),
    }
    return request.header(roleFor(request).credentials) === '' ? offers.first(asker) : offers.again(asker, used)
  }

  /** A PIN or password typed in the wrong field must not reach the log: only the name of a device does. */
  function shownName(username: string): string {
    const device = parseDeviceId(username.split('@', 1)[0] ?? '')
    return (device && needs.directory.device(device)?.id) ?? 'unknown'
  }

  /** `source` is proven by its nonce, so that a program which reads the log may block it. Held guesses are only counted. */
  function tell({ kind, credentials }: Refused, { source }: IncomingRequest): void {
    const { reason, text } = refusals[kind]
    metrics.digestRefusedTotal.inc({ reason })
    const line = { event: 'registrar.refused', reason, username: shownName(credentials.username), source: source.address }
    if (kind === 'held') log.debug(line, text)
    else log.warn(line, text)
  }

  function answer(request: IncomingRequest, judgement: Judgement, offered: readonly DigestAlgorithm[]): Authentication {
    if (judgement.kind === 'right') return { outcome: 'device', device: judgement.device, digest: judgement.digest }
    if (judgement.kind === 'none' || judgement.kind === 'stale') {
      challenge(request, judgement.kind === 'stale' ? 'stale' : 'first', offered)
      return { outcome: 'challenged' }
    }
    tell(judgement, request)
    // RFC 7616 §3.4.6 for the URI; RFC 3261 §10.3 step 4 for the device.
    if (judgement.kind === 'other uri') request.respond(400, { reason: 'Digest URI Does Not Match' })
    else if (judgement.kind === 'other device') request.respond(403)
    // Who guesses must not learn that the password was not looked at.
    else challenge(request, 'first', offered)
    return { outcome: 'refused' }
  }

  return {
    authenticate(request) {
      const judgement = judge(request, [roleFor(request).credentials])
      const used = judgement.kind === 'right' ? judgement.digest : judgement.kind === 'none' ? null : judgement.credentials.algorithm
      return answer(request, judgement, offerTo(request, used))
    },
    examine(request) {
      const judgement = judge(request, credentialHeaders)
      if (judgement.kind === 'right') return { outcome: 'device', device: judgement.device, digest: judgement.digest }
      if (judgement.kind === 'stale') return { outcome: 'stale' }
      const isBare = judgement.kind === 'none' && credentialHeaders.every((header) => request.header(header) === '')
      return { outcome: isBare ? 'none' : 'wrong' }
    },
    challengeGently: (request) => challenge(request, 'first', offers.least),
    renewed: (device) => guesses.forget(device),
    nonceForm: nonces.form,
  }
}
