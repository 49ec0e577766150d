import type { Arrow } from '../conversation.js'
import type { SipText } from '../sip-text.js'
import { sessionWords } from './session-words.js'

/** Texts for an arrow, the longest first. */
export function labelsOf({ sip, repeats }: Pick<Arrow, 'sip' | 'repeats'>): readonly string[] {
  const again = repeats > 0 ? ' again' : ''
  return namesOf(sip).map((name) => name + again)
}

/** Requests in which the target says more than the columns do. */
const targeted = new Set(['INVITE', 'SUBSCRIBE', 'malformed'])

function namesOf({ method, target, status, reason, about, header }: SipText): string[] {
  if (method === null) {
    const named = `${status} ${reason}`
    return [...(about === 'INVITE' ? [] : [`${named} (${about})`]), named]
  }
  const isProven = method !== 'ACK' && header('Authorization') + header('Proxy-Authorization') !== ''
  const name = targeted.has(method) ? `${method} ${target}` : method
  const isAgain = method === 'INVITE' && /;\s{0,8}tag=/i.test(header('To'))
  const plain = isAgain ? ['re-INVITE'] : [name, method]
  return [...(isProven ? plain.map((each) => `${each} (auth)`) : []), ...plain]
}

/** Lines under an arrow. */
export function detailsOf({ method, status, about, header, body }: SipText): string[] {
  const shown = (name: string, text = header(name)): string[] => (text === '' ? [] : [`${name}: ${text}`])
  const seconds = header('Expires') || (/;\s{0,8}expires\s{0,8}=\s{0,8}(\d{1,10})/i.exec(header('Contact'))?.[1] ?? '')
  return [
    ...sessionWords(body),
    ...(header('Content-Type').toLowerCase().startsWith('message/sipfrag') ? shown('transfer', body.split(/\r?\n/, 1)[0]) : []),
    ...['Reason', 'Warning', 'Retry-After', 'Refer-To', 'Replaces'].flatMap((name) => shown(name)),
    ...(status >= 300 && status < 400 ? shown('Contact') : []),
    ...(method === 'REGISTER' ? shown('user name', /username="([^"]{0,100})"/i.exec(header('Authorization'))?.[1] ?? '') : []),
    ...(status === 401 ? shown('realm', realmIn(header('WWW-Authenticate'))) : []),
    ...(status === 407 ? shown('realm', realmIn(header('Proxy-Authenticate'))) : []),
    ...(about === 'REGISTER' && (method !== null || (status >= 200 && status < 300)) ? shown('expires', seconds && `${seconds} s`) : []),
  ]
}

function realmIn(challenge: string): string {
  return /realm="([^"]{0,200})"/i.exec(challenge)?.[1] ?? ''
}
