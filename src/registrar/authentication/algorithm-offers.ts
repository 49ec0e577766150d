import { createHash } from 'node:crypto'
import type { DigestAlgorithm } from '../../sip/auth/digest.js'

/**
 * Which algorithms a phone is offered. By RFC 8760 §2.3 a phone ignores algorithms that it does not support, but many stacks from before 2020
 * give up if the first one, or any one, is unsupported. Such a phone sends its request again without credentials, and is then offered MD5
 * alone. Once it has registered with MD5, this also holds after a restart. User-Agents known to give up are offered MD5 at once.
 *
 * A device that has used a better algorithm is always offered all of them. Otherwise an attacker could downgrade it to MD5 with a few
 * requests in its name.
 */
export interface AlgorithmOffers {
  /** For a request without credentials. */
  first(requester: Requester): readonly DigestAlgorithm[]
  /** The algorithms that every phone supports, for a caller that must not fail. */
  readonly compatible: readonly DigestAlgorithm[]
  /** For a request with invalid credentials. `used`: their algorithm; null if they answer no challenge of ours. */
  again(requester: Requester, used: DigestAlgorithm | null): readonly DigestAlgorithm[]
}

interface Requester {
  /** Name, address and User-Agent. */
  readonly key: string
  readonly userAgent: string
  /** The algorithm with which the device has registered: `weak` is MD5. */
  readonly strength: 'weak' | 'strong' | null
}

export interface AlgorithmOffersNeeds {
  /** Best first. */
  readonly algorithms: readonly DigestAlgorithm[]
  /** How many requesters are remembered. The oldest is forgotten first, and then needs one more attempt. */
  readonly capacity: number
}

/** User-Agents that give up on a challenge with SHA-256 first. */
const givesUp = [/^baresip v1\.0\./]

type State = 'offered-all' | 'md5-only'

export function createAlgorithmOffers({ algorithms, capacity }: AlgorithmOffersNeeds): AlgorithmOffers {
  const compatible = algorithms.includes('MD5') ? (['MD5'] as const) : algorithms
  /** `offered-all`: was offered all algorithms and has not sent credentials since. */
  const known = new Map<string, State>()

  /** The requester chooses its name and User-Agent, many kilobytes long. Memory keeps only their hash. */
  const hashOf = (key: string): string => createHash('sha256').update(key).digest('base64url')

  function note(key: string, state: State): void {
    known.delete(key)
    known.set(key, state)
    const [oldest] = known.keys()
    if (known.size > capacity && oldest !== undefined) known.delete(oldest)
  }

  return {
    compatible,
    first({ key: name, userAgent, strength }) {
      if (strength === 'strong') return algorithms
      const key = hashOf(name)
      const isOld = strength === 'weak' || known.has(key) || givesUp.some((form) => form.test(userAgent))
      note(key, isOld ? 'md5-only' : 'offered-all')
      return isOld ? compatible : algorithms
    },
    again({ key: name, strength }, used) {
      const key = hashOf(name)
      // MD5 shows nothing about a phone that was offered MD5 alone.
      if (known.get(key) === 'offered-all' || used !== 'MD5') known.delete(key)
      if (strength === 'strong') return algorithms
      return used === 'MD5' || known.get(key) === 'md5-only' ? compatible : algorithms
    },
  }
}
