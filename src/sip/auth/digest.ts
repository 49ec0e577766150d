import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../base/secret.js'
import { quote } from '../syntax/quoted-string.js'
import { parseAuthHeader } from './auth-header.js'

const hashNames = {
  MD5: 'md5',
  'MD5-sess': 'md5',
  'SHA-256': 'sha256',
  'SHA-256-sess': 'sha256',
  'SHA-512-256': 'sha512-256',
  'SHA-512-256-sess': 'sha512-256',
} as const

/** RFC 8760 §2.1. */
export type DigestAlgorithm = keyof typeof hashNames
export type Qop = 'auth' | 'auth-int'

/** WWW-Authenticate or Proxy-Authenticate (RFC 7616 §3.3). */
export interface Challenge {
  readonly realm: string
  readonly nonce: string
  readonly algorithm: DigestAlgorithm
  /** The supported values, in the order offered; empty for a challenge by RFC 2069. */
  readonly qop: readonly Qop[]
  readonly opaque: string | null
  /** The credentials used an expired nonce; their password may be right. */
  readonly stale: boolean
}

/** Authorization or Proxy-Authorization (RFC 7616 §3.4). */
export interface Credentials {
  readonly username: string
  readonly realm: string
  readonly nonce: string
  /** As the client sent it. The server must compare it with the Request-URI. */
  readonly uri: string
  readonly response: string
  readonly algorithm: DigestAlgorithm
  /** Null for RFC 2069. */
  readonly qop: Qop | null
  readonly cnonce: string | null
  /** Nonce count: eight hexadecimal digits; null without qop. */
  readonly nc: string | null
  readonly opaque: string | null
}

/** Input of the digest besides the credentials. */
export interface DigestInput {
  readonly password: Secret
  readonly method: string
  /** Used with qop auth-int only. */
  readonly body: Buffer
}

/** Null for another scheme, an unknown algorithm or qop, or a malformed value. The caller ignores such a challenge. */
export function parseChallenge(text: string): Challenge | null {
  const header = parseAuthHeader(text)
  if (header?.scheme !== 'digest') return null
  const { params } = header
  const realm = params.get('realm')
  const nonce = params.get('nonce')
  const algorithm = algorithmNamed(params.get('algorithm'))
  const offered = (params.get('qop') ?? '').split(',').map((word) => word.trim().toLowerCase())
  const qop = offered.filter((word): word is Qop => word === 'auth' || word === 'auth-int')
  if (realm === undefined || nonce === undefined || !algorithm || (params.has('qop') && qop.length === 0)) return null
  return { realm, nonce, algorithm, qop, opaque: params.get('opaque') ?? null, stale: params.get('stale')?.toLowerCase() === 'true' }
}

/** The first supported challenge: the server lists the best first (RFC 8760 §2.4). */
export function chooseChallenge(values: readonly string[]): Challenge | null {
  for (const value of values) {
    const challenge = parseChallenge(value)
    if (challenge) return challenge
  }
  return null
}

/** Null for another scheme, an unknown algorithm or qop, or a malformed value. */
export function parseCredentials(text: string): Credentials | null {
  const header = parseAuthHeader(text)
  if (header?.scheme !== 'digest') return null
  const { params } = header
  const [username, realm, nonce, uri, response] = ['username', 'realm', 'nonce', 'uri', 'response'].map((name) => params.get(name))
  const algorithm = algorithmNamed(params.get('algorithm'))
  const qop = qopOf(params)
  if (username === undefined || realm === undefined || nonce === undefined || uri === undefined || response === undefined) return null
  if (!algorithm || !qop) return null
  return { username, realm, nonce, uri, response, algorithm, ...qop, opaque: params.get('opaque') ?? null }
}

function qopOf(params: ReadonlyMap<string, string>): Pick<Credentials, 'qop' | 'cnonce' | 'nc'> | null {
  const qop = params.get('qop')?.toLowerCase() ?? null
  const cnonce = params.get('cnonce') ?? null
  const nc = params.get('nc') ?? null
  if (qop === null) return { qop, cnonce, nc: null }
  if ((qop !== 'auth' && qop !== 'auth-int') || cnonce === null || nc === null) return null
  return /^[0-9A-Fa-f]{8}$/.test(nc) ? { qop, cnonce, nc } : null
}

function algorithmNamed(name: string | undefined): DigestAlgorithm | null {
  if (name === undefined) return 'MD5'
  const known = Object.keys(hashNames) as DigestAlgorithm[]
  return known.find((algorithm) => algorithm.toLowerCase() === name.toLowerCase()) ?? null
}

/** The nonce count as a number; 1 if there is none (RFC 2069: each nonce is used once). */
export function nonceCount({ nc }: Pick<Credentials, 'nc'>): number {
  return nc === null ? 1 : Number.parseInt(nc, 16)
}

/** The value of WWW-Authenticate or Proxy-Authenticate. */
export function printChallenge({ realm, nonce, algorithm, qop, opaque, stale }: Challenge): string {
  const parts = [`realm=${quote(realm)}`, `nonce=${quote(nonce)}`, `algorithm=${algorithm}`]
  if (qop.length > 0) parts.push(`qop="${qop.join(',')}"`)
  if (opaque !== null) parts.push(`opaque=${quote(opaque)}`)
  if (stale) parts.push('stale=true')
  return `Digest ${parts.join(', ')}`
}

/** The value of Authorization or Proxy-Authorization. */
export function printCredentials(credentials: Credentials): string {
  const { username, realm, nonce, uri, response, algorithm, qop, cnonce, nc, opaque } = credentials
  const parts = [`username=${quote(username)}`, `realm=${quote(realm)}`, `nonce=${quote(nonce)}`, `uri=${quote(uri)}`]
  parts.push(`response="${response}"`, `algorithm=${algorithm}`)
  if (qop !== null) parts.push(`qop=${qop}`, `nc=${nc}`)
  if (cnonce !== null) parts.push(`cnonce=${quote(cnonce)}`)
  if (opaque !== null) parts.push(`opaque=${quote(opaque)}`)
  return `Digest ${parts.join(', ')}`
}

export interface AnswerNeeds extends DigestInput {
  readonly username: string
  /** The Request-URI. */
  readonly uri: string
  /** Random text; see `newTag`. */
  readonly cnonce: string
  /** How often this nonce has been used, including this time. */
  readonly count: number
}

/** The credentials for a challenge, with qop `auth` if it is offered. */
export function answerChallenge(challenge: Challenge, needs: AnswerNeeds): Credentials {
  const { realm, nonce, algorithm, opaque } = challenge
  const qop = challenge.qop.includes('auth') ? 'auth' : (challenge.qop[0] ?? null)
  const isBare = qop === null && !algorithm.endsWith('-sess')
  const unsigned = {
    username: needs.username,
    realm,
    nonce,
    uri: needs.uri,
    algorithm,
    qop,
    cnonce: isBare ? null : needs.cnonce,
    nc: qop === null ? null : needs.count.toString(16).padStart(8, '0'),
    opaque,
  }
  return { ...unsigned, response: digestResponse(unsigned, needs) }
}

/** The digest response for these credentials (RFC 7616 §3.4.1), in lower-case hexadecimal. */
export function digestResponse(credentials: Omit<Credentials, 'response'>, { password, method, body }: DigestInput): string {
  const { username, realm, nonce, uri, algorithm, qop, cnonce, nc } = credentials
  const hash = (...parts: readonly (string | Buffer)[]): string => hashed(hashNames[algorithm], parts)
  const secret = hash(`${username}:${realm}:`, Buffer.from(password.reveal(), 'utf8'))
  const a1 = algorithm.endsWith('-sess') ? hash(`${secret}:${nonce}:${cnonce ?? ''}`) : secret
  const a2 = hash(`${method}:${uri}${qop === 'auth-int' ? `:${hash(body)}` : ''}`)
  return qop === null ? hash(`${a1}:${nonce}:${a2}`) : hash(`${a1}:${nonce}:${nc}:${cnonce ?? ''}:${qop}:${a2}`)
}

/** Text of messages is latin1: one byte for each character. */
function hashed(name: string, parts: readonly (string | Buffer)[]): string {
  const hash = createHash(name)
  for (const part of parts) hash.update(typeof part === 'string' ? Buffer.from(part, 'latin1') : part)
  return hash.digest('hex')
}

/** Whether the credentials were made with this password. Takes the same time for a wrong and a right password. */
export function isRightResponse(credentials: Credentials, input: DigestInput): boolean {
  const expected = Buffer.from(digestResponse(credentials, input), 'latin1')
  const given = Buffer.from(credentials.response.toLowerCase(), 'latin1')
  return given.length === expected.length && timingSafeEqual(given, expected)
}
