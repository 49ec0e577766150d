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

/** The credentials of one call. Counts the uses of a nonce over all requests of the call (RFC 7616 §3.4). */
export interface CallCredentials {
  /** Begins a request; its attempts share the result. */
  begin(): ChallengeAnswers
}

interface ChallengeAnswers {
  /**
   * The headers of the next attempt (RFC 3261 §22.2, §22.3). Null if the response is not a challenge or cannot be answered. A server and a
   * proxy get one answer each, and one more after a stale nonce.
   */
  headersFor(reply: SipReply, sent: SentRequest): SipHeaders | null
}

const headersByStatus: Readonly<Record<number, { readonly challenge: string; readonly answer: string }>> = {
  401: { challenge: 'WWW-Authenticate', answer: 'Authorization' },
  407: { challenge: 'Proxy-Authenticate', answer: 'Proxy-Authorization' },
}

/** drachtio-srf itself supports only MD5. */
export function callCredentials(credentials: SipCredentials): CallCredentials {
  // By the header that carries the proof. A server has one nonce at a time.
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
        headersFor(reply, sent) {
          const names = headersByStatus[reply.status]
          const challenge = names ? chooseChallenge(challengesIn(reply.header(names.challenge))) : null
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

/** The headers that an attempt shares with the previous one: same call, next CSeq. */
export function sameCall(sent: DrachtioMessage, method: string): SipHeaders {
  const [count = '0'] = (sent.get('CSeq') ?? '').split(' ')
  return { 'Call-ID': sent.get('Call-ID') ?? '', From: sent.get('From') ?? '', CSeq: `${Number(count) + 1} ${method}` }
}

/** Commas separate the challenges, and also the parameters of each. */
function challengesIn(joined: string): readonly string[] {
  return joined.split(/,(?=\s{0,8}digest\s)/i).map((challenge) => challenge.trim())
}
