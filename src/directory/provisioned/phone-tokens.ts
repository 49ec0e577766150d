import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { type DeviceId, parseDeviceId } from '../../base/identity.js'
import { Secret } from '../../base/secret.js'

/** What a token opens: everything of the phone, or only its directory and call log, which a phone shows as URLs in its menus. */
const tokenScopes = ['phone', 'pages'] as const
export type TokenScope = (typeof tokenScopes)[number]

export interface TokenHolder {
  readonly device: DeviceId
  readonly scope: TokenScope
}

/**
 * Secrets that a phone proves itself with over HTTP, made from the network's secret and a salt in the phone's record. So every node can check
 * and make them, and somebody who reads Redis cannot. A new salt revokes the earlier ones.
 */
export interface PhoneTokens {
  /** A segment of a URL's path: `HD0001.w1Zc…`, 128 bits. */
  print(holder: TokenHolder, salt: string): Secret
  /** The holder of a right token. @param saltOf null: the phone has none */
  verify(text: string, saltOf: (device: DeviceId) => string | null): TokenHolder | null
  /**
   * A segment for addresses of directory and call log, twelve characters, that differs for each user. People can read these addresses in the menus
   * of some phones, and they must not show the next user's calls.
   */
  pagesOf(user: string, device: DeviceId, salt: string): string
  /** The activation code of this salt: ten digits that a person types at the phone, with the name of the phone. */
  code(device: DeviceId, salt: string): Secret
}

export const newSalt = (): string => randomBytes(16).toString('base64url')

/** The device that a path segment names if it has the form of a token, right or wrong. */
export function tokenDevice(text: string): DeviceId | null {
  const form = /^([A-Za-z][A-Za-z0-9-]{0,31})\.[A-Za-z0-9_-]{22}$/.exec(text)
  return parseDeviceId(form?.[1] ?? '')
}

const codeDigits = 10

/** @param network the hash tag of the network in Redis */
export function createPhoneTokens(networkSecret: Secret, network: string): PhoneTokens {
  const key = Buffer.from(hkdfSync('sha256', networkSecret.reveal(), 'hotdesk', `phone tokens of ${network}`, 32))
  const signed = (...parts: readonly string[]): Buffer => createHmac('sha256', key).update(parts.join('\n')).digest()
  const textOf = ({ device, scope }: TokenHolder, salt: string): string =>
    `${device}.${signed('token', scope, device, salt).subarray(0, 16).toString('base64url')}`

  return {
    print: (holder, salt) => new Secret(textOf(holder, salt)),
    verify(text, saltOf) {
      const device = tokenDevice(text)
      const salt = device && saltOf(device)
      if (device === null || salt === null) return null
      const scope = tokenScopes.find((each) => isSame(text, textOf({ device, scope: each }, salt)))
      return scope ? { device, scope } : null
    },
    pagesOf: (user, device, salt) => signed('pages of', user, device, salt).subarray(0, 9).toString('base64url'),
    code: (device, salt) =>
      new Secret(String(signed('code', device, salt).readBigUInt64BE() % 10n ** BigInt(codeDigits)).padStart(codeDigits, '0')),
  }
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
