import { type DeviceId, parseDeviceId } from '../../base/identity.js'
import { type Credentials, parseCredentials } from '../../sip/auth/digest.js'
import { parseNameAddr } from '../../sip/headers/name-addr.js'
import { splitList } from '../../sip/syntax/list.js'
import type { IncomingRequest } from '../../srf/srf.js'
import { userOf } from '../register/register-request.js'

/** A registrar challenges with 401, a server that forwards requests with 407 (RFC 3261 §22.2, §22.3). */
const asRegistrar = { status: 401, challenge: 'WWW-Authenticate', credentials: 'Authorization', aor: 'To' } as const
const asProxy = { status: 407, challenge: 'Proxy-Authenticate', credentials: 'Proxy-Authorization', aor: 'From' } as const

export type Role = typeof asRegistrar | typeof asProxy

export function roleFor({ method }: Pick<IncomingRequest, 'method'>): Role {
  return method === 'REGISTER' ? asRegistrar : asProxy
}

/** The headers that may contain credentials, the answer to a proxy's challenge first. */
export const credentialHeaders = [asProxy.credentials, asRegistrar.credentials] as const

function isInDialog({ header }: IncomingRequest): boolean {
  return (parseNameAddr(header('To'))?.tag ?? '') !== ''
}

/** The credentials in a header. Several header fields arrive joined with commas, which also separate parameters. */
export function credentialsIn(header: string): readonly Credentials[] {
  const values: string[] = []
  for (const piece of splitList(header)) {
    if (/^digest\s/i.test(piece)) values.push(piece)
    else values.push(`${values.pop() ?? ''},${piece}`)
  }
  return values.flatMap((value) => parseCredentials(value) ?? [])
}

/** The user of the address-of-record in whose name the request is sent; null if there is none. */
export function nameIn(request: IncomingRequest): string | null {
  return userOf(request.header(roleFor(request).aor))
}

/** The device that a user name means; some phones write `HD0001@hotdesk.example`. */
export function deviceNamed(username: string, isOurs: (host: string) => boolean): DeviceId | null {
  const at = username.indexOf('@')
  if (at < 0) return parseDeviceId(username)
  return isOurs(username.slice(at + 1)) ? parseDeviceId(username.slice(0, at)) : null
}

/**
 * RFC 3261 §10.3 step 4: a device may change only its own registration, and calls in its own name or anonymously (RFC 3323). In a dialog, From
 * is what was called (RFC 3261 §12.2.1.1).
 */
export function speaksFor(request: IncomingRequest, device: DeviceId): boolean {
  if (roleFor(request) === asProxy && isInDialog(request)) return true
  const user = nameIn(request)
  return user === device || (roleFor(request) === asProxy && (user === null || user.toLowerCase() === 'anonymous'))
}
