import type { Milliseconds } from '../../../../base/clock.js'
import type { Secret } from '../../../../base/secret.js'
import type { DigestAlgorithm } from '../../../../sip/auth/digest.js'

/**
 * What the application knows of those who send. Until it says something, the server limits sources only when it is overloaded; from then
 * on everybody else is a stranger.
 */
export interface KnownSources {
  /** Never banned, whatever the port: trunks and the other nodes. Loopback addresses are not listed here, because all of a machine shares them. */
  readonly addresses: readonly string[]
  /** Never banned: `udp 192.0.2.7:5060`, where a registered phone is, or a trunk or node of this machine. */
  readonly flows: readonly string[]
  /** SIP URIs of trunks; the server resolves them (RFC 3263) and treats their addresses like `addresses`. */
  readonly uris: readonly string[]
  /** Numbers that bring help somewhere in the network: a call to one may be carried without proof, so that it proves nothing. */
  readonly emergencies?: readonly string[]
  /** Phones behind NAT that are kept reachable; absent: none. */
  readonly keepAlive?: {
    /** Flow URIs over UDP. */
    readonly phones: readonly string[]
    /** How often each phone hears something; 0: never. */
    readonly everyMs: Milliseconds
  }
  /** How the server challenges strangers by itself when they send more than their share; null: it answers 503 instead. */
  readonly challenge: ChallengeTerms | null
}

/** All that it takes to make a challenge that the application accepts the answer to. */
export interface ChallengeTerms {
  readonly realm: string
  /** Best first (RFC 8760 §2.4). */
  readonly algorithms: readonly DigestAlgorithm[]
  /** See NonceForm. */
  readonly key: Secret
  readonly issuer: string
  readonly lifetimeMs: Milliseconds
}
