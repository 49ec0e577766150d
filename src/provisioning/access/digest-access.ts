import { hkdfSync, randomBytes } from 'node:crypto'
import type { Clock, Milliseconds } from '../../base/clock.js'
import type { DeviceId } from '../../base/identity.js'
import { Secret } from '../../base/secret.js'
import type { Registrar } from '../../registrar/registrar.js'
import { type Credentials, type DigestAlgorithm, isRightResponse, parseCredentials, printChallenge } from '../../sip/auth/digest.js'
import { createNonceForm } from '../../sip/auth/nonce.js'
import type { HttpCaller } from './caller.js'

/** What a user name stands for. */
export interface Account {
  readonly device: DeviceId
  /** What proves it: the phone's own SIP password, and an activation code while it is valid. */
  readonly passwords: readonly { readonly what: 'password' | 'code'; readonly secret: Secret }[]
}

/**
 * - `none`: no credentials that answer a challenge of this network. `stale`: they do, but the challenge is too old, or went to another address.
 * - `held`: not checked, after too many wrong ones.
 */
export type DigestResult =
  | { readonly kind: 'none' | 'stale' }
  | { readonly kind: 'wrong' | 'held'; readonly device: DeviceId | null }
  | { readonly kind: 'right'; readonly device: DeviceId; readonly what: 'password' | 'code' }

export interface DigestAccessNeeds {
  readonly realm: string
  /** The network's secret: every node accepts the nonces of the others. */
  readonly secret: Secret
  readonly algorithms: readonly DigestAlgorithm[]
  readonly guesses: Registrar['passwordGuesses']
  readonly accountOf: (username: string) => Account | null
  /** Whether the device is registered from this address. */
  readonly isRegisteredFrom: (device: DeviceId, address: string) => boolean
  readonly clock: Clock
}

/** Digest access authentication over HTTP (RFC 7616), with the phone's SIP credentials. */
export interface DigestAccess {
  check(caller: HttpCaller): DigestResult
  /** Value of WWW-Authenticate. */
  challenge(caller: HttpCaller, freshness: 'first' | 'stale'): string
}

/** RFC 7616 §3.3. A phone fetches all its files within this time. */
const nonceLifetimeMs: Milliseconds = 300_000

export function createDigestAccess(needs: DigestAccessNeeds): DigestAccess {
  const { realm, algorithms, guesses, clock } = needs
  const key = Buffer.from(hkdfSync('sha256', needs.secret.reveal(), 'hotdesk', 'provisioning nonces', 32)).toString('hex')
  const nonces = createNonceForm({ key: new Secret(key), issuer: '000000000000' })
  // HTTP clients of phones give up on an algorithm that they do not know, so they are offered one only (RFC 7616 §3.7 lets a server choose).
  const algorithm = algorithms.includes('MD5') ? 'MD5' : (algorithms[0] ?? 'MD5')
  // An unknown name takes as long as a wrong password.
  const randomPassword = new Secret(randomBytes(24).toString('base64url'))

  function answers(credentials: Credentials, { target }: HttpCaller): boolean {
    return (
      credentials.realm === realm && credentials.algorithm === algorithm && credentials.qop !== 'auth-int' && credentials.uri === target
    )
  }

  return {
    check(caller) {
      const credentials = parseCredentials(caller.authorization)
      if (!credentials || !answers(credentials, caller)) return { kind: 'none' }
      const nonce = nonces.read(credentials.nonce)
      if (!nonce) return { kind: 'none' }
      if (clock.now() - nonce.issued > nonceLifetimeMs || !nonce.isFor(caller.address)) return { kind: 'stale' }
      const account = needs.accountOf(credentials.username)
      const device = account?.device ?? null
      const relation = device && needs.isRegisteredFrom(device, caller.address) ? 'known' : 'unknown'
      const attempt = { device: (device ?? 'unknown') as DeviceId, exists: device !== null, address: caller.address, relation } as const
      if (!guesses.mayTry(attempt)) return { kind: 'held', device }
      const input = (secret: Secret) => ({ password: secret, method: caller.method, body: Buffer.alloc(0) })
      const passwords = account?.passwords ?? [{ what: 'password', secret: randomPassword } as const]
      const right = passwords.find(({ secret }) => isRightResponse(credentials, input(secret)))
      if (right && device) return { kind: 'right', device, what: right.what }
      guesses.failed(attempt)
      return { kind: 'wrong', device }
    },
    challenge: ({ address }, freshness) =>
      printChallenge({
        realm,
        nonce: nonces.print(clock.now(), address),
        algorithm,
        qop: ['auth'],
        opaque: null,
        stale: freshness === 'stale',
      }),
  }
}
