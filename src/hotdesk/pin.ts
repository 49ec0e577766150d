import { randomBytes, randomInt, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { Secret } from '../base/secret.js'

/** Why a PIN is too weak. */
export type PinWeakness = 'wrong-length' | 'all-the-same' | 'running-digits' | 'own-extension'

/** Lengths of PINs. */
export interface PinPolicy {
  readonly minDigits: number
  readonly maxDigits: number
  /** Length of generated PINs. */
  readonly issuedDigits: number
}

// 16 MB and about 40 ms of one core, because a whole shift may log in at once. The lock-out protects short PINs.
const cost = { N: 16_384, r: 8, p: 1 }
const hashBytes = 32
/** Limit for hashes that were made elsewhere at a higher cost. Above it, no PIN matches. */
const mostMemory = 256 * 1024 * 1024
const form = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9_-]+)\$([A-Za-z0-9_-]+)$/

/** `scrypt$N$r$p$salt$hash`, salt and hash base64url (RFC 7914). Computed off the main thread. */
export async function hashPin(pin: Secret): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(pin, salt, cost)
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/** True for a hash made by `hashPin`. */
export function isPinHash(text: string): boolean {
  return form.test(text)
}

/** `null` (no user, no PIN) and a malformed hash take as long as a wrong PIN. */
export async function verifyPin(pin: Secret, hashed: string | null): Promise<boolean> {
  const [, N, r, p, salt = '', hash = ''] = form.exec(hashed ?? '') ?? []
  const isHash = N !== undefined
  const settings = isHash ? { N: Number(N), r: Number(r), p: Number(p) } : cost
  try {
    const derived = await derive(pin, Buffer.from(salt, 'base64url'), settings)
    const wanted = Buffer.from(hash, 'base64url')
    return isHash && wanted.length === derived.length && timingSafeEqual(wanted, derived)
  } catch {
    // Parameters that scrypt rejects, such as an N that is not a power of two.
    await derive(pin, randomBytes(16), cost)
    return false
  }
}

/** null: the PIN is acceptable. */
export function weaknessOf(pin: Secret, extension: string, { minDigits, maxDigits }: PinPolicy): PinWeakness | null {
  const text = pin.reveal()
  if (!/^[0-9]+$/.test(text) || text.length < minDigits || text.length > maxDigits) return 'wrong-length'
  if (text === extension) return 'own-extension'
  const steps = new Set(stepsOf(text))
  if (steps.size > 1) return null
  if (steps.has(0)) return 'all-the-same'
  return steps.has(1) || steps.has(9) ? 'running-digits' : null
}

/** Differences of neighboring digits, modulo 10: 7890 and 3210 are sequences too. */
function stepsOf(digits: string): readonly number[] {
  return digits
    .slice(1)
    .split('')
    .map((digit, index) => (Number(digit) - Number(digits[index]) + 10) % 10)
}

/** A random PIN. */
export function issuePin(extension: string, policy: PinPolicy): Secret {
  const { issuedDigits } = policy
  for (;;) {
    const pin = new Secret(String(randomInt(10 ** issuedDigits)).padStart(issuedDigits, '0'))
    if (weaknessOf(pin, extension, policy) === null) return pin
  }
}

function derive(pin: Secret, salt: Buffer, settings: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(pin.reveal(), salt, hashBytes, { ...settings, maxmem: mostMemory }, (fault, hash) => (fault ? reject(fault) : resolve(hash)))
  })
}
