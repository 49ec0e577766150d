import type { DeviceId, Extension } from '../base/identity.js'
import type { Secret } from '../base/secret.js'

/** The outcome of a login. `ivr` announces each word. */
export type LoginOutcome =
  | { readonly outcome: 'LOGGED_IN' }
  /** The user was logged in at another phone, and has moved. */
  | { readonly outcome: 'MOVED'; readonly from: DeviceId }
  /** The previous user is logged out. `from`: the phone that the new user has left. */
  | { readonly outcome: 'DISPLACED'; readonly displaced: Extension; readonly from: DeviceId | null }
  | { readonly outcome: 'UNCHANGED' }
  /** Wrong PIN, unknown extension, not allowed, no PIN: one word for the caller. The event has the reason. */
  | { readonly outcome: 'DENIED' }
  | { readonly outcome: 'LOCKED'; readonly seconds: number }
  /** `secondLogin: deny`, and the user is logged in at another phone. */
  | { readonly outcome: 'ELSEWHERE'; readonly device: DeviceId }
  /** The PIN is right, and the profile of the user does not allow a login at this site. */
  | { readonly outcome: 'NOT_ENTITLED' }
  /** The phone is in an emergency call or in its quiet time. */
  | { readonly outcome: 'EMERGENCY' }
  | { readonly outcome: 'NOT_A_HOTDESK_PHONE' }
  | { readonly outcome: 'STORE_LOST' }
  | Unconfirmed

/**
 * A failover may lose the change, or Redis has not answered (`reply` is null). The user is asked to check the phone's display.
 */
export interface Unconfirmed {
  readonly outcome: 'UNCONFIRMED'
  readonly reply: string | null
}

export type LogoutOutcome =
  | { readonly outcome: 'LOGGED_OUT'; readonly extension: Extension }
  | { readonly outcome: 'FREE' }
  | { readonly outcome: 'DRAINING'; readonly calls: number }
  | { readonly outcome: 'EMERGENCY' }
  | { readonly outcome: 'UNKNOWN_DEVICE' }
  | { readonly outcome: 'STORE_LOST' }
  | Unconfirmed

/** At every phone where the user is logged in. `FREE`: there is none. */
export type LogoutEverywhereOutcome = LogoutOutcome | Extract<LoginOutcome, { readonly outcome: 'DENIED' | 'LOCKED' }>

/** The source of a transition, written to the event and to the device's record. */
export type Via = 'dial-code' | 'redis-cli' | 'cli' | 'api' | 'console' | 'automatic' | 'deleted'

export const causes = ['login', 'moved', 'displaced', 'logout', 'now', 'edited'] as const
/** `moved`: the user moved to another phone. `now`: a logout that ends the phone's calls. `edited`: the keys were changed by hand. */
export type Cause = (typeof causes)[number]

/** A change in the copy, from any source: dial code, another node or redis-cli. */
export interface AssignmentChange {
  readonly device: DeviceId
  readonly before: Extension | null
  readonly after: Extension | null
  readonly cause: Cause
}

export interface LoginRequest {
  /** As dialled or typed. It may be a misplaced PIN, so it is logged only if a user has this extension. */
  readonly extension: Extension
  readonly device: DeviceId
  readonly pin: Secret
}

/** `failures` wrong PINs, each within `windowSeconds` of the previous one, lock for `lockSeconds`. */
interface AttemptLimit {
  readonly failures: number
  readonly windowSeconds: number
  readonly lockSeconds: number
}

export interface AttemptLimits {
  /** `freePerDay` and `perDay` count at all phones without a recent login of the user; the other limits apply to each phone. */
  readonly user: AttemptLimit & { readonly perPhoneAndDay: number; readonly freePerDay: number; readonly perDay: number }
  readonly device: AttemptLimit & { readonly perDay: number }
}

/** Who is logged in where. Reads use the copy in memory; each transition is one Redis Function. */
export interface Hotdesk {
  devicesOf(extension: Extension): readonly DeviceId[]
  /** The user who has logged in; null for an owner who has not (see `Device.owner`). */
  userOn(device: DeviceId): Extension | null
  isDraining(device: DeviceId): boolean
  /** In an emergency call, or less than the quiet time after one: no refresh, no reboot. */
  isQuiet(device: DeviceId): boolean
  /** Spends an attempt, compares the PIN in this process, assigns. Every refusal takes the same time. */
  login(request: LoginRequest): Promise<LoginOutcome>
  /** `drain` waits for the phone's calls to end, `now` does not. */
  logout(device: DeviceId, how: 'drain' | 'now', via: Via): Promise<LogoutOutcome>
  /** Verifies the PIN like a login, then logs the user out at every phone, each when its calls have ended. */
  logoutEverywhere(request: LoginRequest): Promise<LogoutEverywhereOutcome>
  /** The caller hung up during the dialogue, or no key press was received; `extension` as in a LoginRequest. */
  abandoned(device: DeviceId, extension: Extension | null): void
  /** An emergency call was answered, and has ended; null if the phone is unknown. */
  emergencyAnswered(device: DeviceId | null): void
  /** An emergency call failed; null if the phone is unknown. */
  emergencyFailed(device: DeviceId | null, reason: string): void
  /** An operator, `alice@host`, has ended a call. */
  callEndedBy(call: string, by: string): void
  /** An operator, `alice@host`, begins a test call; `from`: the phone that seems to call. */
  callTestBegun(by: string, test: { readonly call: string; readonly number: string; readonly from: DeviceId | null }): void
  /** The same when it has ended. */
  callTestedBy(
    by: string,
    test: { readonly call: string; readonly number: string; readonly from: DeviceId | null; readonly outcome: string },
  ): void
  /** An operator, `alice@host`, looks at the SIP messages of a phone, a call or an address. */
  traced(subject: Readonly<Record<string, string>>, by: string): void
  /** An operator, `alice@host`, drains this node, or has ended that. */
  drained(event: 'node.draining' | 'node.undrained', by: string): void
  /** The site's desk was informed of an emergency call: phones that have taken the message or heard the announcement, and others. */
  emergencyDesk(
    device: DeviceId | null,
    notice: {
      readonly how: 'message' | 'call'
      readonly desks: readonly Extension[]
      readonly reached: readonly DeviceId[]
      readonly missed: readonly DeviceId[]
    },
  ): void
  /** An emergency call was carried without proof of its phone; `claimed` is the phone that it named. */
  emergencyUnproven(call: { readonly source: string; readonly claimed: string | null }): void
  /** Emergency calls without proof were refused because there were too many. */
  emergencyRefused(calls: { readonly source: string; readonly limit: string; readonly refused: number }): void
  /** A call of this phone began or ended on this node; the last end completes a draining logout. Never waits for Redis. */
  callBegan(device: DeviceId, kind: CallKind): void
  callEnded(device: DeviceId, kind: CallKind): void
  onChange(listener: (change: AssignmentChange) => void): () => void
  close(): Promise<void>
}

export type CallKind = 'ordinary' | 'emergency'
