import type { DigestAlgorithm } from '../../sip/digest.js'

/**
 * Which algorithms a phone is offered. RFC 8760 §2.3 has it pass over those it does not know, but many stacks of before 2020 give up at the
 * first one, or at any. Such a phone comes again without credentials, and from then on it is offered nothing but MD5; once it has
 * registered so, after a restart as well. Those that are known for it need not fail first.
 */
export interface Offers {
  /** For a request without credentials; `proof` is by which the phone has registered, where it has. */
  first(asker: string, knows: { readonly proof: string | null; readonly userAgent: string }): readonly DigestAlgorithm[]
  /** What every phone can answer: for whoever may not be lost. */
  readonly least: readonly DigestAlgorithm[]
  /** For a request whose credentials were not good: they show what the phone knows. */
  again(asker: string, used: DigestAlgorithm | null): readonly DigestAlgorithm[]
  /** It has answered a challenge, right or wrong; null when not as any of ours asks. */
  cameBack(asker: string, used: DigestAlgorithm | null): void
}

export interface OffersNeeds {
  /** Best first. */
  readonly algorithms: readonly DigestAlgorithm[]
  /** Askers that are kept in mind; the oldest is forgotten first, and then takes one attempt more. */
  readonly capacity: number
}

/** Seen to give up at a challenge that has SHA-256 first. */
const givingUp = [/^baresip v1\.0\./]

export function createOffers({ algorithms, capacity }: OffersNeeds): Offers {
  const old = algorithms.includes('MD5') ? (['MD5'] as const) : algorithms
  /** `asked`: was offered all and has not come back. */
  const known = new Map<string, 'asked' | 'old'>()

  function note(asker: string, state: 'asked' | 'old'): void {
    known.delete(asker)
    known.set(asker, state)
    const [oldest] = known.keys()
    if (known.size > capacity && oldest !== undefined) known.delete(oldest)
  }

  return {
    least: old,
    first(asker, { proof, userAgent }) {
      const isOld = proof === 'MD5' || known.has(asker) || givingUp.some((form) => form.test(userAgent))
      note(asker, isOld ? 'old' : 'asked')
      return isOld ? old : algorithms
    },
    again: (asker, used) => (used === 'MD5' || known.get(asker) === 'old' ? old : algorithms),
    cameBack(asker, used) {
      // MD5 proves nothing of a phone that was offered MD5 alone.
      if (known.get(asker) === 'asked' || used !== 'MD5') known.delete(asker)
    },
  }
}
