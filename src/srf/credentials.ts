import { answerChallenge, chooseChallenge, printCredentials } from '../sip/digest.js'
import { newTag } from '../sip/ids.js'
import type { SipAnswer, SipCredentials, SipHeaders } from './contract.js'
import type { DrachtioMessage } from './drachtio.js'

export interface Challenged {
  /** The request as it was sent the first time. */
  readonly sent: DrachtioMessage
  readonly method: string
  readonly uri: string
  readonly body: string
  readonly credentials: SipCredentials
}

const headersByStatus: Readonly<Record<number, { readonly challenge: string; readonly answer: string }>> = {
  401: { challenge: 'WWW-Authenticate', answer: 'Authorization' },
  407: { challenge: 'Proxy-Authenticate', answer: 'Proxy-Authorization' },
}

/**
 * The headers with which the request is sent again (RFC 3261 §22.2): the same Call-ID and From, the next CSeq, our credentials.
 * Null for an answer that is no challenge, or none that we can answer. drachtio-srf's own answer knows MD5 alone.
 */
export function retryHeaders(answer: SipAnswer, { sent, method, uri, body, credentials }: Challenged): SipHeaders | null {
  const names = headersByStatus[answer.status]
  if (!names) return null
  const challenge = chooseChallenge(challengesIn(answer.header(names.challenge)))
  if (!challenge) return null
  const parts = { ...credentials, uri, method, body: Buffer.from(body), cnonce: newTag(), count: 1 }
  return { ...sameCall(sent, method), [names.answer]: printCredentials(answerChallenge(challenge, parts)) }
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
