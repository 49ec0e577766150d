import { randomBytes } from 'node:crypto'
import type { DeviceId } from '../../base/identity.js'
import { Secret } from '../../base/secret.js'
import type { Directory } from '../../directory/directory.js'
import { type Credentials, type DigestAlgorithm, isRightResponse, nonceCount } from '../../sip/auth/digest.js'
import type { IncomingRequest } from '../../srf/srf.js'
import type { Names } from '../names.js'
import { credentialsIn, deviceNamed, speaksFor } from './credentials.js'
import { fitsRequest } from './digest-uri.js'
import type { Nonces } from './nonce.js'
import type { Attempt, PasswordGuesses, SourceRelation } from './password-guesses.js'

/**
 * The result of checking the credentials of a request.
 * - `none`: no credentials answer a challenge of ours.
 * - `stale`: the nonce is too old, was used, or was issued to another address.
 * - `held`: the password was not checked, because too many wrong ones came before.
 * - `other uri`: valid, but made for another request.
 * - `other device`: valid, but not of the device in whose name the request is sent.
 */
export type CheckResult =
  | { readonly kind: 'right'; readonly device: DeviceId; readonly digest: DigestAlgorithm }
  | { readonly kind: 'none' }
  | { readonly kind: 'stale'; readonly credentials: Credentials }
  | Refused

export interface Refused {
  readonly kind: 'wrong' | 'held' | 'other uri' | 'other device'
  readonly credentials: Credentials
}

export interface CredentialCheckNeeds {
  readonly directory: Pick<Directory, 'device'>
  readonly names: Names
  readonly nonces: Nonces
  readonly guesses: PasswordGuesses
  readonly relationOf: (device: DeviceId, request: IncomingRequest) => SourceRelation
  readonly realm: string
  readonly algorithms: readonly DigestAlgorithm[]
  /** `required`: credentials by RFC 2069 are not accepted. */
  readonly qop: 'optional' | 'required'
}

/** Checks the credentials in these headers. Sends nothing. The result is kept, because checking twice would use the nonce twice. */
export type CredentialCheck = (request: IncomingRequest, headers: readonly string[]) => CheckResult

/** Digest access authentication (RFC 3261 §22.4, RFC 7616 §3.4). */
export function createCredentialCheck(needs: CredentialCheckNeeds): CredentialCheck {
  const { directory, names, nonces, guesses, realm, algorithms } = needs
  const checked = new WeakMap<IncomingRequest, CheckResult>()
  // An unknown device takes as long as a wrong password, because its credentials are checked against a random one.
  const randomPassword = new Secret(randomBytes(24).toString('base64url'))

  /** RFC 3261 §22.3: of several credentials, those for our realm count. auth-int is never offered. */
  function presented(request: IncomingRequest, headers: readonly string[]): Credentials | undefined {
    const isUsable = ({ qop, nonce }: Credentials): boolean =>
      qop !== 'auth-int' && (qop !== null || needs.qop === 'optional') && nonces.stateOf(nonce) !== 'foreign'
    return headers
      .flatMap((header) => credentialsIn(request.header(header)))
      .find((each) => each.realm === realm && algorithms.includes(each.algorithm) && isUsable(each))
  }

  function attemptOf(device: DeviceId, request: IncomingRequest): Attempt {
    const exists = directory.device(device) !== null
    const relation = exists ? needs.relationOf(device, request) : 'unknown'
    return { device, exists, address: request.source.address, relation }
  }

  function isRight(credentials: Credentials, device: DeviceId | null, { method, body }: IncomingRequest): boolean {
    const password = (device && directory.device(device)?.password) ?? randomPassword
    return isRightResponse(credentials, { password, method, body: Buffer.from(body) })
  }

  function check(request: IncomingRequest, credentials: Credentials): CheckResult {
    const { address } = request.source
    // Before the password: otherwise `stale` would show a guesser that the password was right.
    if (!nonces.isFor(credentials.nonce, address)) return { kind: 'stale', credentials }
    const isOurs = (host: string): boolean => names.isOurs(host, request)
    const device = deviceNamed(credentials.username, isOurs)
    const attempt = device && attemptOf(device, request)
    if (attempt && !guesses.mayTry(attempt)) return { kind: 'held', credentials }
    if (!isRight(credentials, device, request) || !device) {
      if (attempt) guesses.failed(attempt)
      return { kind: 'wrong', credentials }
    }
    if (!fitsRequest(credentials.uri, { method: request.method, requestUri: request.uri, isOurs }))
      return { kind: 'other uri', credentials }
    const spent = nonces.use(credentials.nonce, nonceCount(credentials))
    if (spent !== 'fresh') return { kind: 'stale', credentials }
    return speaksFor(request, device) ? { kind: 'right', device, digest: credentials.algorithm } : { kind: 'other device', credentials }
  }

  return (request, headers) => {
    const credentials = presented(request, headers)
    if (!credentials) return { kind: 'none' }
    const result = checked.get(request) ?? check(request, credentials)
    checked.set(request, result)
    return result
  }
}
