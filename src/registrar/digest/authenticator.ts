import { randomBytes } from 'node:crypto'
import type { Clock, Milliseconds } from '../../base/clock.js'
import { type DeviceId, parseDeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import { Secret } from '../../base/secret.js'
import type { Directory } from '../../directory/directory.js'
import { type Credentials, type DigestAlgorithm, isRightResponse, nonceCount, parseCredentials, printChallenge } from '../../sip/digest.js'
import { splitList } from '../../sip/headers.js'
import type { IncomingRequest } from '../../srf/srf.js'
import { userAgentOf, userOf } from '../register/register-request.js'
import { createNonces } from './nonce.js'
import { createOffers } from './offers.js'

/** A device that has shown that it knows its password. */
export interface Proven {
  readonly outcome: 'device'
  readonly device: DeviceId
  /** By which it has shown it. */
  readonly digest: DigestAlgorithm
}

/** The challenge or refusal has already been sent when the answer is not a device. */
export type Authentication = Proven | { readonly outcome: 'challenged' | 'refused' }

export interface AuthenticationSettings {
  /** One challenge each, best first (RFC 8760 §2.3). */
  readonly algorithms: readonly DigestAlgorithm[]
  readonly nonceLifetimeMs: Milliseconds
  /** Nonces in use at the same time of which counts are kept. */
  readonly nonceCapacity: number
  /** Phones that are remembered as old: see Offers. */
  readonly offerCapacity: number
}

export const defaultAuthentication: AuthenticationSettings = {
  algorithms: ['SHA-256', 'MD5'],
  nonceLifetimeMs: 300_000,
  nonceCapacity: 50_000,
  offerCapacity: 50_000,
}

export interface Authenticator {
  authenticate(request: IncomingRequest): Authentication
  /** Asks for no more than every phone can answer. */
  challengeGently(request: IncomingRequest): void
}

export interface AuthenticatorNeeds {
  readonly directory: Directory
  /** By which the device proved itself when it registered; it may have been before a restart. */
  readonly digestOf: (device: DeviceId, request: IncomingRequest) => string | null
  readonly realm: string
  readonly secret: Secret
  readonly clock: Clock
  readonly log: Logger
  readonly settings: AuthenticationSettings
}

/** What presented credentials are worth. */
type Verdict = 'right' | 'wrong' | 'stale' | 'unusable'

/** A registrar challenges with 401, whoever only passes a request on with 407 (RFC 3261 §22.2, §22.3). */
const asRegistrar = { status: 401, challenge: 'WWW-Authenticate', credentials: 'Authorization', aor: 'To' } as const
const asProxy = { status: 407, challenge: 'Proxy-Authenticate', credentials: 'Proxy-Authorization', aor: 'From' } as const

/** Digest access authentication of devices: RFC 3261 §22.4, RFC 7616, RFC 8760. */
export function createAuthenticator({ directory, digestOf, realm, secret, clock, log, settings }: AuthenticatorNeeds): Authenticator {
  const { algorithms, nonceLifetimeMs: lifetimeMs, nonceCapacity: capacity } = settings
  const nonces = createNonces({ secret, clock, lifetimeMs, capacity })
  const offers = createOffers({ algorithms, capacity: settings.offerCapacity })
  // A device that does not exist costs as much as a wrong password, and nobody knows this one.
  const nobody = new Secret(randomBytes(24).toString('base64url'))

  function challenge(request: IncomingRequest, freshness: 'stale' | 'first', offered: readonly DigestAlgorithm[]): void {
    const role = roleFor(request)
    const nonce = nonces.issue(request.source.address)
    const common = { realm, nonce, qop: ['auth'], opaque: null, stale: freshness === 'stale' } as const
    const lines = offered.map((algorithm) => printChallenge({ ...common, algorithm }))
    request.respond(role.status, { headers: { [role.challenge]: lines } })
  }

  function offerTo(request: IncomingRequest, used: DigestAlgorithm | null): readonly DigestAlgorithm[] {
    const asker = askerOf(request)
    if (request.header(roleFor(request).credentials) === '') {
      return offers.first(asker, { proof: registeredBy(request), userAgent: request.header('user-agent') })
    }
    offers.cameBack(asker, used)
    return offers.again(asker, used)
  }

  function registeredBy(request: IncomingRequest): string | null {
    const device = parseDeviceId(nameIn(request) ?? '')
    return device && digestOf(device, request)
  }

  /** RFC 3261 §22.3: of several credentials those for our realm count. */
  function presented(request: IncomingRequest): Credentials | undefined {
    return credentialsIn(request.header(roleFor(request).credentials)).find(
      (credentials) => credentials.realm === realm && algorithms.includes(credentials.algorithm),
    )
  }

  function judge(credentials: Credentials, { method, body }: IncomingRequest): Verdict {
    const known = parseDeviceId(credentials.username)
    const password = (known && directory.device(known)?.password) ?? nobody
    const right = isRightResponse(credentials, { password, method, body: Buffer.from(body) })
    if (credentials.qop === 'auth-int' || nonces.look(credentials.nonce) === 'foreign') return 'unusable'
    if (!right) return 'wrong'
    return nonces.spend(credentials.nonce, nonceCount(credentials)) === 'fresh' ? 'right' : 'stale'
  }

  function accept(request: IncomingRequest, { username, algorithm }: Credentials): Authentication {
    const device = parseDeviceId(username)
    if (device && speaksFor(request, device)) return { outcome: 'device', device, digest: algorithm }
    log.warn(
      { event: 'registrar.refused', username: username.slice(0, 64), source: request.source.address },
      'credentials of another device',
    )
    request.respond(403)
    return { outcome: 'refused' }
  }

  return {
    authenticate(request) {
      const credentials = presented(request)
      const verdict = credentials ? judge(credentials, request) : 'unusable'
      const offered = offerTo(request, credentials?.algorithm ?? null)
      if (credentials && verdict === 'right') return accept(request, credentials)
      challenge(request, verdict === 'stale' ? 'stale' : 'first', offered)
      if (!credentials || verdict !== 'wrong') return { outcome: 'challenged' }
      const { address } = request.source
      log.warn({ event: 'registrar.refused', username: credentials.username.slice(0, 64), source: address }, 'wrong user name or password')
      return { outcome: 'refused' }
    },
    challengeGently: (request) => challenge(request, 'first', offers.least),
  }
}

function roleFor(request: IncomingRequest): typeof asRegistrar | typeof asProxy {
  return request.method === 'REGISTER' ? asRegistrar : asProxy
}

/** The phone as it calls itself, where and what it is: enough to tell one from another, which proves nothing. */
function askerOf(request: IncomingRequest): string {
  return `${nameIn(request) ?? ''}@${request.source.address} ${userAgentOf(request)}`
}

function nameIn(request: IncomingRequest): string | null {
  return userOf(request.header(roleFor(request).aor))
}

/** RFC 3261 §10.3 step 4: a device may change its own registration only, and calls as nobody else (RFC 3323 anonymity aside). */
function speaksFor(request: IncomingRequest, device: DeviceId): boolean {
  const user = nameIn(request)
  return user === device || (roleFor(request) === asProxy && (user === null || user.toLowerCase() === 'anonymous'))
}

/** Several header fields arrive joined with commas, which also part the parameters. */
function credentialsIn(header: string): readonly Credentials[] {
  const values: string[] = []
  for (const piece of splitList(header)) {
    if (/^digest\s/i.test(piece)) values.push(piece)
    else values.push(`${values.pop() ?? ''},${piece}`)
  }
  return values.flatMap((value) => parseCredentials(value) ?? [])
}
