import { type AppError, errors } from '../base/errors.js'
import { type DeviceId, type Extension, parseDeviceId, parseExtension } from '../base/identity.js'
import type { Transition } from '../store/store.js'
import type { LoginOutcome, LogoutOutcome, Unconfirmed } from './contract.js'

/** A refusal changes nothing, so it needs no confirmation. Any other outcome is announced as a fact only if it is safe. */
const refusals: readonly string[] = ['DENIED', 'ELSEWHERE', 'EMERGENCY', 'NOT_A_HOTDESK_PHONE', 'UNKNOWN_DEVICE']

export function outcomeOf<Outcome extends { readonly outcome: string }>(
  { certainty, reply }: Transition,
  read: (reply: string) => Outcome,
): Outcome | Unconfirmed {
  if (reply === null) return { outcome: 'UNCONFIRMED', reply }
  const outcome = read(reply)
  return certainty === 'safe' || refusals.includes(outcome.outcome) ? outcome : { outcome: 'UNCONFIRMED', reply }
}

/** Replies of the functions, as documented in their headers. Each throws AppError STORE_PROTOCOL for an unknown word. */
export function readLogin(reply: string): LoginOutcome {
  const [word, first = '', second = ''] = reply.split(' ')
  switch (word) {
    case 'LOGGED_IN':
    case 'UNCHANGED':
    case 'EMERGENCY':
    case 'NOT_A_HOTDESK_PHONE':
      return { outcome: word }
    case 'MOVED':
      return { outcome: word, from: deviceIn(first, reply) }
    case 'DISPLACED':
      return { outcome: word, displaced: extensionIn(first, reply), from: second === '' ? null : deviceIn(second, reply) }
    case 'ELSEWHERE':
      return { outcome: word, device: deviceIn(first, reply) }
    // The user was removed or barred after the PIN was compared.
    case 'DENIED':
    case 'UNKNOWN_USER':
      return { outcome: 'DENIED' }
    case 'UNKNOWN_DEVICE':
      return { outcome: 'NOT_A_HOTDESK_PHONE' }
    default:
      throw unexpected('hotdesk_login', reply)
  }
}

export function readLogout(reply: string): LogoutOutcome {
  const [word, detail = ''] = reply.split(' ')
  switch (word) {
    case 'LOGGED_OUT':
      return { outcome: word, extension: extensionIn(detail, reply) }
    case 'DRAINING':
      return { outcome: word, calls: Number(detail) }
    case 'FREE':
    case 'EMERGENCY':
    case 'UNKNOWN_DEVICE':
      return { outcome: word }
    // Replies for an extension only.
    case 'NOWHERE':
    case 'UNKNOWN_USER':
      return { outcome: 'FREE' }
    default:
      throw unexpected('hotdesk_logout', reply)
  }
}

export type Attempt = { readonly outcome: 'ALLOWED'; readonly left: number } | { readonly outcome: 'LOCKED'; readonly seconds: number }

export function readAttempt(reply: string): Attempt {
  const [word, detail] = reply.split(' ')
  switch (word) {
    case 'ALLOWED':
      return { outcome: word, left: Number(detail) }
    case 'LOCKED':
      return { outcome: word, seconds: Number(detail) }
    default:
      throw unexpected('hotdesk_attempt', reply)
  }
}

/** Number of changes. */
export function readRepair(reply: string): number {
  const [word, detail] = reply.split(' ')
  switch (word) {
    case 'REPAIRED':
      return Number(detail)
    case 'NOTHING':
      return 0
    default:
      throw unexpected('hotdesk_repair', reply)
  }
}

function deviceIn(text: string, reply: string): DeviceId {
  const device = parseDeviceId(text)
  if (!device) throw unexpected('a device', reply)
  return device
}

function extensionIn(text: string, reply: string): Extension {
  const extension = parseExtension(text)
  if (!extension) throw unexpected('an extension', reply)
  return extension
}

function unexpected(what: string, reply: string): AppError {
  return errors.STORE_PROTOCOL.replyAbout({ what, reply })
}
