import type { DeviceId, Extension } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Secret } from '../base/secret.js'
import type { Directory, User } from '../directory/directory.js'
import type { Store } from '../store/store.js'
import { limitsOf, pseudonymOf } from './attempt-arguments.js'
import { reasonBarred } from './barred.js'
import type { AttemptLimits, LoginOutcome, LoginRequest, LogoutEverywhereOutcome } from './contract.js'
import { type DenialReason, keptEvents, type StreamEvent } from './events.js'
import { verifyPin } from './pin.js'
import { outcomeOf, readAttempt, readLogin, readLogout } from './replies.js'

export interface LoginNeeds {
  readonly store: Store
  readonly directory: Directory
  /** A reload may change them. */
  readonly attempts: () => AttemptLimits
  readonly mayVisit: (user: User) => boolean
  /** The network's secret. */
  readonly secret: Secret
  readonly log: Logger
}

/** One attempt to log in with one PIN. @throws AppError STORE_UNAVAILABLE, STORE_PROTOCOL */
export async function tryLogin(request: LoginRequest, needs: LoginNeeds): Promise<LoginOutcome> {
  const { store, directory } = needs
  const { extension, device } = request
  if (directory.device(device)?.hotdesk !== true) return { outcome: 'NOT_A_HOTDESK_PHONE' }
  const proof = await provePin(request, needs)
  if (proof.outcome !== 'PROVEN') return proof
  if (!needs.mayVisit(proof.user)) {
    await writeDenial(needs, { device, extension, reason: 'not-entitled' })
    return { outcome: 'NOT_ENTITLED' }
  }
  return outcomeOf(await store.transition('hotdesk_login', extension, device, 'dial-code'), readLogin)
}

/**
 * Logs the user out at every phone; a phone in a call when the call ends. The PIN proves who asks, at any phone.
 * @throws AppError STORE_UNAVAILABLE, STORE_PROTOCOL
 */
export async function tryLogoutEverywhere(request: LoginRequest, needs: LoginNeeds): Promise<LogoutEverywhereOutcome> {
  const proof = await provePin(request, needs)
  if (proof.outcome !== 'PROVEN') return proof
  return outcomeOf(await needs.store.transition('hotdesk_logout', request.extension, 'drain', 'dial-code'), readLogout)
}

type Proof = { readonly outcome: 'PROVEN'; readonly user: User } | Extract<LoginOutcome, { readonly outcome: 'DENIED' | 'LOCKED' }>

/**
 * The attempt is spent before the PIN is compared, and a user who may not log in is refused after the same steps as a wrong PIN, so that neither
 * time nor lock-out reveals the difference.
 */
async function provePin({ extension, device, pin }: LoginRequest, needs: LoginNeeds): Promise<Proof> {
  const { store, directory, log } = needs
  const user = directory.user(extension)
  const counted = user ? extension : pseudonymOf(extension, needs.secret)
  const attempt = readAttempt(await store.call('hotdesk_attempt', counted, device, ...limitsOf(needs.attempts())))
  if (attempt.outcome === 'LOCKED') return attempt
  const barred = user ? reasonBarred(store.replica.hash(`user:${extension}`)) : 'unknown-extension'
  const pinHash = barred === null ? (user?.pinHash ?? null) : null
  const isRight = await verifyPin(pin, pinHash)
  if (!isRight || !user) {
    const reason: DenialReason = barred ?? (pinHash === null ? 'no-pin' : 'wrong-pin')
    log.debug(
      { event: 'hotdesk.denied', extension: user?.extension, device, reason, left: attempt.left },
      `${attempt.left} attempts are left`,
    )
    await writeDenial(needs, { device, extension: user?.extension, reason })
    return { outcome: 'DENIED' }
  }
  await store.call('hotdesk_forgive', extension, device)
  return { outcome: 'PROVEN', user }
}
interface Denial {
  readonly device: DeviceId
  /** Absent: no user has it. */
  readonly extension: Extension | undefined
  readonly reason: DenialReason
}

async function writeDenial({ store }: Pick<LoginNeeds, 'store'>, { device, extension, reason }: Denial): Promise<void> {
  const event: StreamEvent = 'login.denied'
  await store.append('events', { event, device, ...(extension ? { user: extension } : {}), via: 'dial-code', reason }, keptEvents)
}
