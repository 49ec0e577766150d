import type { Milliseconds } from '../../../../base/clock.js'
import type { Secret } from '../../../../base/secret.js'
import type { DigestAlgorithm } from '../../../../sip/auth/digest.js'

/**
 * The sources that the application knows. Until it has named them, the server limits sources only when it is overloaded. From then on, all
 * other sources are unknown ones with limits.
 */
export interface KnownSources {
  /** Trunks and other nodes, with any port. Never banned. Loopback addresses do not count here, because all programs of a machine share them. */
  readonly addresses: readonly string[]
  /** `udp 192.0.2.7:5060`: flows of registered phones, and of trunks and nodes on this machine. Never banned. */
  readonly flows: readonly string[]
  /** SIP URIs of trunks. The server resolves them (RFC 3263) and treats the addresses like `addresses`. */
  readonly uris: readonly string[]
  /** Emergency numbers of all sites. A call to one may be accepted without authentication, so its acceptance proves nothing. */
  readonly emergencies?: readonly string[]
  /** Emergency numbers of this site, always admitted; absent: those with which the server was started. */
  readonly ownEmergencies?: readonly string[]
  /** Keep-alives to phones behind NAT; absent: none. */
  readonly keepAlive?: {
    /** Flow URIs over UDP. */
    readonly phones: readonly string[]
    /** Interval for each phone; 0: none. */
    readonly everyMs: Milliseconds
  }
  /** How the server challenges unknown sources above their limits; null: it responds with 503 instead. */
  readonly challenge: ChallengeTerms | null
}

/** What a challenge needs so that the application accepts its answer. */
export interface ChallengeTerms {
  readonly realm: string
  /** Best first (RFC 8760 §2.4). */
  readonly algorithms: readonly DigestAlgorithm[]
  /** See NonceForm. */
  readonly key: Secret
  readonly issuer: string
  readonly lifetimeMs: Milliseconds
}
