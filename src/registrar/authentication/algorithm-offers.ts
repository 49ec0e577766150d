import { createHash } from 'node:crypto'
import type { DigestAlgorithm } from '../../sip/auth/digest.js'

/**
 * Which algorithms a phone is offered. RFC 8760 §2.3 has it pass over those it does not know, but many stacks of before 2020 give up at the
 * first one, or at any. Such a phone comes again without credentials, and from then on it is offered nothing but MD5; once it has
 * registered so, after a restart as well. Those that are known for it need not fail first.
 *
 * A device that is known to know more is always offered everything: otherwise a stranger, with a few requests in its name, could leave
 * it nothing but MD5.
 */
export interface AlgorithmOffers {
  /** For a request without credentials. */
  first(asker: Asker): readonly DigestAlgorithm[]
  /** What every phone can answer: for a caller that must not be lost. */
  readonly least: readonly DigestAlgorithm[]
  /** For a request whose credentials were not good: they show what the phone knows; null when not as any of ours asks. */
  again(asker: Asker, used: DigestAlgorithm | null): readonly DigestAlgorithm[]
}

interface Asker {
  /** Name, address and program. */
  readonly key: string
  readonly userAgent: string
  /** By which the device has registered: MD5 (`weak`), or better. */
  readonly proof: 'weak' | 'strong' | null
}

export interface AlgorithmOffersNeeds {
  /** Best first. */
  readonly algorithms: readonly DigestAlgorithm[]
  /** Askers that are remembered; the oldest is forgotten first, and then takes one attempt more. */
  readonly capacity: number
}

/** Seen to give up at a challenge that has SHA-256 first. */
const givingUp = [/^baresip v1\.0\./]

export function createAlgorithmOffers({ algorithms, capacity }: AlgorithmOffersNeeds): AlgorithmOffers {
  const old = algorithms.includes('MD5') ? (['MD5'] as const) : algorithms
  /** `asked`: was offered all and has not come back. */
  const known = new Map<string, 'asked' | 'old'>()

  /** A stranger chooses what it calls itself, up to many kilobytes: only a hash of that stays in memory. */
  const hashOf = (asker: string): string => createHash('sha256').update(asker).digest('base64url')

  function note(key: string, state: 'asked' | 'old'): void {
    known.delete(key)
    known.set(key, state)
    const [oldest] = known.keys()
    if (known.size > capacity && oldest !== undefined) known.delete(oldest)
  }

  return {
    least: old,
    first({ key: asker, userAgent, proof }) {
      if (proof === 'strong') return algorithms
      const key = hashOf(asker)
      const isOld = proof === 'weak' || known.has(key) || givingUp.some((form) => form.test(userAgent))
      note(key, isOld ? 'old' : 'asked')
      return isOld ? old : algorithms
    },
    again({ key: asker, proof }, used) {
      const key = hashOf(asker)
      // MD5 proves nothing of a phone that was offered MD5 alone.
      if (known.get(key) === 'asked' || used !== 'MD5') known.delete(key)
      if (proof === 'strong') return algorithms
      return used === 'MD5' || known.get(key) === 'old' ? old : algorithms
    },
  }
}
