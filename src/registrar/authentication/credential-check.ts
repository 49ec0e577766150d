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
import type { Attempt, PasswordGuesses, Standing } from './password-guesses.js'

/**
 * What the credentials of a request are worth.
 * - `none`: there are none that we have asked for.
 * - `stale`: the nonce is too old, was used, or was given to another address.
 * - `held`: the password was not checked, because too many wrong ones came before.
 * - `other uri`: right, and made for another request.
 * - `other device`: right, and not those of the device that the request speaks for.
 */
export type Judgement =
  | { readonly kind: 'right'; readonly device: DeviceId; readonly digest: DigestAlgorithm }
  | { readonly kind: 'none' }
  | { readonly kind: 'stale'; readonly credentials: Credentials }
  | Refused

export interface Refused {
  readonly kind: 'wrong' | 'held' | 'other uri' | 'other device'
  readonly credentials: Credentials
}

export interface JudgeNeeds {
  readonly directory: Pick<Directory, 'device'>
  readonly names: Names
  readonly nonces: Nonces
  readonly guesses: PasswordGuesses
  readonly standingOf: (device: DeviceId, request: IncomingRequest) => Standing
  readonly realm: string
  readonly algorithms: readonly DigestAlgorithm[]
  /** `required`: credentials by RFC 2069 count for nothing. */
  readonly qop: 'optional' | 'required'
}

/** Looks for credentials in these headers. Answers nothing; what is found in a request is judged once. */
export type Judge = (request: IncomingRequest, headers: readonly string[]) => Judgement

/** Digest access authentication (RFC 3261 §22.4, RFC 7616 §3.4). */
export function createJudge(needs: JudgeNeeds): Judge {
  const { directory, names, nonces, guesses, realm, algorithms } = needs
  const judged = new WeakMap<IncomingRequest, Judgement>()
  // An unknown device takes as long as a wrong password: its credentials are checked against a random one.
  const unknowable = new Secret(randomBytes(24).toString('base64url'))

  /** RFC 3261 §22.3: of several credentials those for our realm count. auth-int is never offered. */
  function presented(request: IncomingRequest, headers: readonly string[]): Credentials | undefined {
    const isUsable = ({ qop, nonce }: Credentials): boolean =>
      qop !== 'auth-int' && (qop !== null || needs.qop === 'optional') && nonces.look(nonce) !== 'foreign'
    return headers
      .flatMap((header) => credentialsIn(request.header(header)))
      .find((each) => each.realm === realm && algorithms.includes(each.algorithm) && isUsable(each))
  }

  function attemptOf(device: DeviceId, request: IncomingRequest): Attempt {
    const exists = directory.device(device) !== null
    const standing = exists ? needs.standingOf(device, request) : 'strange'
    return { device, exists, address: request.source.address, standing }
  }

  function isRight(credentials: Credentials, device: DeviceId | null, { method, body }: IncomingRequest): boolean {
    const password = (device && directory.device(device)?.password) ?? unknowable
    return isRightResponse(credentials, { password, method, body: Buffer.from(body) })
  }

  function judge(request: IncomingRequest, credentials: Credentials): Judgement {
    const { address } = request.source
    // Without a look at the password: `stale` would tell a guesser that it was right.
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
    const spent = nonces.spend(credentials.nonce, nonceCount(credentials))
    if (spent !== 'fresh') return { kind: 'stale', credentials }
    return speaksFor(request, device) ? { kind: 'right', device, digest: credentials.algorithm } : { kind: 'other device', credentials }
  }

  return (request, headers) => {
    const credentials = presented(request, headers)
    if (!credentials) return { kind: 'none' }
    const judgement = judged.get(request) ?? judge(request, credentials)
    judged.set(request, judgement)
    return judgement
  }
}
