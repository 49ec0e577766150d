import { createHash } from 'node:crypto'
import type { Clock } from '../../../../base/clock.js'
import { type DigestAlgorithm, printChallenge } from '../../../../sip/auth/digest.js'
import { createNonceForm, type NonceForm } from '../../../../sip/auth/nonce.js'
import type { SipRequest, SipResponse } from '../../../../sip/message/message.js'
import { sourceOf } from '../../../transport/flow.js'
import type { StatelessResponse } from '../../stateless-response.js'
import { createBoundedMap } from '../bounded-map.js'
import type { ChallengeTerms } from './known-sources.js'

/** Which challenges went where, so that what comes back proves an address. */
export interface Challenges {
  /** From now on the server can challenge by itself. */
  use(terms: ChallengeTerms | null): void
  readonly canAsk: boolean
  /** A challenge without a transaction (RFC 3261 §8.2.7, §26.3.2.4). `gently`: with no more than every phone can answer. */
  ask(request: SipRequest, address: string, manner: 'fully' | 'gently'): StatelessResponse
  /** The application sends a challenge there. */
  sent(response: SipResponse, address: string): void
  /** The request brings back a nonce that was sent to this address, and to no other. */
  cameBack(request: SipRequest, address: string): boolean
  readonly size: number
}

/** RFC 3261 §22.2 and §22.3. */
const asRegistrar = { status: 401, header: 'WWW-Authenticate' } as const
const asProxy = { status: 407, header: 'Proxy-Authenticate' } as const

/** Longer nonces are hashed all the same, but a search ends. */
const noncePattern = /\bnonce[ \t]{0,8}=[ \t]{0,8}"([^"]{1,256})"/i

export function createChallenges(clock: Clock, most: number): Challenges {
  /** Of applications that make nonces of their own. */
  const issued = createBoundedMap<true>(most)
  let terms: ChallengeTerms | null = null
  let form: NonceForm | null = null

  function isOurs(nonce: string, address: string): boolean {
    const signed = form?.read(nonce)
    if (signed && terms) return clock.now() - signed.issued <= terms.lifetimeMs && signed.isFor(address)
    return issued.size > 0 && issued.get(keyOf(nonce, address)) === true
  }

  function offered(manner: 'fully' | 'gently'): readonly DigestAlgorithm[] {
    const all = terms?.algorithms ?? []
    return manner === 'gently' && all.includes('MD5') ? ['MD5'] : all
  }

  return {
    use(next) {
      terms = next
      form = next && createNonceForm(next)
    },
    get canAsk() {
      return form !== null
    },
    ask(request, address, manner) {
      const { status, header } = request.method === 'REGISTER' ? asRegistrar : asProxy
      const nonce = form?.print(clock.now(), address) ?? ''
      const common = { realm: terms?.realm ?? '', nonce, qop: ['auth'], opaque: null, stale: isStale(request, form) } as const
      return { status, headers: offered(manner).map((algorithm) => [header, printChallenge({ ...common, algorithm })] as const) }
    },
    sent(response, address) {
      if (form) return
      for (const text of challengesIn(response)) {
        const nonce = noncePattern.exec(text)?.[1]
        if (nonce !== undefined) issued.set(keyOf(nonce, address), true)
      }
    },
    cameBack: (request, address) => noncesIn(request).some((nonce) => isOurs(nonce, address)),
    get size() {
      return issued.size
    },
  }
}

/** Two of each kind are enough for any phone; a stranger gets no more looked at. */
const mostCredentials = 2

function noncesIn(request: SipRequest): string[] {
  const texts = [...request.all('Authorization').slice(0, mostCredentials), ...request.all('Proxy-Authorization').slice(0, mostCredentials)]
  return texts.flatMap((text) => noncePattern.exec(text)?.[1] ?? [])
}

function challengesIn(response: SipResponse): readonly string[] {
  return [...response.all('WWW-Authenticate'), ...response.all('Proxy-Authenticate')]
}

/** The credentials answer a challenge of this network that is too old, or went to another address. */
function isStale(request: SipRequest, form: NonceForm | null): boolean {
  return noncesIn(request).some((nonce) => form?.read(nonce))
}

/** The tables are bounded in bytes too. */
function keyOf(nonce: string, address: string): string {
  return createHash('sha1')
    .update(`${sourceOf(address)} ${nonce}`)
    .digest('base64url')
}
