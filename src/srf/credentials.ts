import { answerChallenge, type Challenge, chooseChallenge, printCredentials } from '../sip/auth/digest.js'
import { newTag } from '../sip/ids.js'
import type { SipCredentials, SipHeaders, SipReply } from './contract.js'
import type { DrachtioMessage } from './drachtio.js'

/** A request as it was sent. */
interface SentRequest {
  readonly method: string
  readonly uri: string
  readonly body: string
}

/** The credentials of one call: counts how often a nonce is used, over all requests of the call (RFC 7616 §3.4). */
export interface CallCredentials {
  /** For one request and the attempts that follow it. */
  begin(): ChallengeAnswers
}

interface ChallengeAnswers {
  /**
   * The headers with which the request is sent again (RFC 3261 §22.2, §22.3). Null for a response that is not a challenge or cannot be
   * answered. A server and a proxy are answered once each, and once more after a stale nonce.
   */
  headersFor(answer: SipReply, sent: SentRequest): SipHeaders | null
}

const headersByStatus: Readonly<Record<number, { readonly challenge: string; readonly answer: string }>> = {
  401: { challenge: 'WWW-Authenticate', answer: 'Authorization' },
  407: { challenge: 'Proxy-Authenticate', answer: 'Proxy-Authorization' },
}

/** drachtio-srf's own answer to a challenge supports MD5 alone. */
export function callCredentials(credentials: SipCredentials): CallCredentials {
  // By the header of the answer; a server has one nonce at a time.
  const used = new Map<string, { readonly nonce: string; readonly count: number }>()

  function proof(name: string, challenge: Challenge, { method, uri, body }: SentRequest): string {
    const last = used.get(name)
    const count = last?.nonce === challenge.nonce ? last.count + 1 : 1
    used.set(name, { nonce: challenge.nonce, count })
    const parts = { ...credentials, uri, method, body: Buffer.from(body), cnonce: newTag(), count }
    return printCredentials(answerChallenge(challenge, parts))
  }

  return {
    begin() {
      const answered = new Map<string, Challenge>()
      const renewed = new Set<string>()
      return {
        headersFor(answer, sent) {
          const names = headersByStatus[answer.status]
          const challenge = names ? chooseChallenge(challengesIn(answer.header(names.challenge))) : null
          if (!names || !challenge) return null
          if (answered.has(names.answer)) {
            if (!challenge.stale || renewed.has(names.answer)) return null
            renewed.add(names.answer)
          }
          answered.set(names.answer, challenge)
          return Object.fromEntries([...answered].map(([name, each]) => [name, proof(name, each, sent)]))
        },
      }
    },
  }
}

/** What the next attempt of a refused request has in common with it. */
export function sameCall(sent: DrachtioMessage, method: string): SipHeaders {
  const [count = '0'] = (sent.get('CSeq') ?? '').split(' ')
  return { 'Call-ID': sent.get('Call-ID') ?? '', From: sent.get('From') ?? '', CSeq: `${Number(count) + 1} ${method}` }
}

/** Several challenges come joined by commas, and so do the parameters within each. */
function challengesIn(joined: string): readonly string[] {
  return joined.split(/,(?=\s{0,8}digest\s)/i).map((challenge) => challenge.trim())
}
