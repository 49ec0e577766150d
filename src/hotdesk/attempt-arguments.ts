import { createHmac } from 'node:crypto'
import type { Secret } from '../base/secret.js'
import type { AttemptLimits } from './contract.js'

/** The limits in the order in which `hotdesk_attempt` takes them. */
export function limitsOf({ user, device }: AttemptLimits): readonly string[] {
  return [
    ...[user, device].flatMap(({ failures, windowSeconds, lockSeconds }) => [failures, windowSeconds, lockSeconds]),
    user.perPhoneAndDay,
    user.freePerDay,
    user.perDay,
    device.perDay,
  ].map(String)
}

const pseudonymLetters = 20

/**
 * The name under which attempts are counted for an extension that no user has. The caller may have typed a PIN, so Redis gets a keyed hash:
 * the same at every node, and useless without the network's secret. Letters only, so that it cannot contain the digits of a PIN.
 */
export function pseudonymOf(extension: string, secret: Secret): string {
  const hash = createHmac('sha256', secret.reveal()).update(`unknown extension ${extension}`).digest()
  return `?${Array.from(hash.subarray(0, pseudonymLetters), (byte) => String.fromCharCode(97 + (byte % 26))).join('')}`
}
