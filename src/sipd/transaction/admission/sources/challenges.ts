import { createHash } from 'node:crypto'
import type { Clock } from '../../../../base/clock.js'
import { type DigestAlgorithm, printChallenge } from '../../../../sip/auth/digest.js'
import { createNonceForm, type NonceForm } from '../../../../sip/auth/nonce.js'
import type { SipRequest, SipResponse } from '../../../../sip/message/message.js'
import { createBoundedMap } from '../../../bounded-map.js'
import { sourceOf } from '../../../transport/flow.js'
import type { StatelessResponse } from '../../stateless-response.js'
import type { ChallengeTerms } from './known-sources.js'

/** Remembers which challenge was sent to which address: a request that answers it validates the address. */
export interface Challenges {
  /** With terms, the server can challenge by itself. */
  setTerms(terms: ChallengeTerms | null): void
  readonly canChallenge: boolean
  /** A challenge without a transaction (RFC 3261 §8.2.7, §26.3.2.4). `compatible`: one that every phone can answer. */
  challenge(request: SipRequest, address: string, offer: 'all' | 'compatible'): StatelessResponse
  /** The application has sent a challenge to this address. */
  noteSent(response: SipResponse, address: string): void
  /** Whether the request answers a challenge that was sent to this address. */
  isAnsweredBy(request: SipRequest, address: string): boolean
  readonly size: number
}

/** RFC 3261 §22.2 and §22.3. */
const asRegistrar = { status: 401, header: 'WWW-Authenticate' } as const
const asProxy = { status: 407, header: 'Proxy-Authenticate' } as const

/** The length is limited so that the search takes linear time. */
const noncePattern = /\bnonce[ \t]{0,8}=[ \t]{0,8}"([^"]{1,256})"/i

export function createChallenges(clock: Clock, most: number): Challenges {
  /** Nonces of applications that make their own. */
  const issued = createBoundedMap<true>(most)
  let terms: ChallengeTerms | null = null
  let form: NonceForm | null = null

  function isOurs(nonce: string, address: string): boolean {
    const signed = form?.read(nonce)
    if (signed && terms) return clock.now() - signed.issued <= terms.lifetimeMs && signed.isFor(address)
    return issued.size > 0 && issued.get(keyOf(nonce, address)) === true
  }

  function offered(offer: 'all' | 'compatible'): readonly DigestAlgorithm[] {
    const all = terms?.algorithms ?? []
    return offer === 'compatible' && all.includes('MD5') ? ['MD5'] : all
  }

  return {
    setTerms(next) {
      terms = next
      form = next && createNonceForm(next)
    },
    get canChallenge() {
      return form !== null
    },
    challenge(request, address, offer) {
      const { status, header } = request.method === 'REGISTER' ? asRegistrar : asProxy
      const nonce = form?.print(clock.now(), address) ?? ''
      const common = { realm: terms?.realm ?? '', nonce, qop: ['auth'], opaque: null, stale: isStale(request, form) } as const
      return { status, headers: offered(offer).map((algorithm) => [header, printChallenge({ ...common, algorithm })] as const) }
    },
    noteSent(response, address) {
      if (form) return
      for (const text of challengesIn(response)) {
        const nonce = noncePattern.exec(text)?.[1]
        if (nonce !== undefined) issued.set(keyOf(nonce, address), true)
      }
    },
    isAnsweredBy: (request, address) => noncesIn(request).some((nonce) => isOurs(nonce, address)),
    get size() {
      return issued.size
    },
  }
}

/** Header fields of each kind that are examined. Two are enough for any phone. */
const maxCredentials = 2

function noncesIn(request: SipRequest): string[] {
  const texts = [...request.all('Authorization').slice(0, maxCredentials), ...request.all('Proxy-Authorization').slice(0, maxCredentials)]
  return texts.flatMap((text) => noncePattern.exec(text)?.[1] ?? [])
}

function challengesIn(response: SipResponse): readonly string[] {
  return [...response.all('WWW-Authenticate'), ...response.all('Proxy-Authenticate')]
}

/** The credentials answer a challenge of this network that is too old, or was sent to another address. */
function isStale(request: SipRequest, form: NonceForm | null): boolean {
  return noncesIn(request).some((nonce) => form?.read(nonce))
}

/** A hash, so that the size of the table is limited in bytes too. */
function keyOf(nonce: string, address: string): string {
  return createHash('sha1')
    .update(`${sourceOf(address)} ${nonce}`)
    .digest('base64url')
}
