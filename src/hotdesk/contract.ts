import type { DeviceId, Extension } from '../base/identity.js'
import type { Secret } from '../base/secret.js'

/** What happened to a login; each word is spoken or shown by `ivr`. */
export type LoginOutcome =
  | { readonly outcome: 'LOGGED_IN' }
  /** B sat elsewhere and has moved. */
  | { readonly outcome: 'MOVED'; readonly from: DeviceId }
  /** Somebody else sat here and is out now; `from` where B came from another phone as well. */
  | { readonly outcome: 'DISPLACED'; readonly displaced: Extension; readonly from: DeviceId | null }
  | { readonly outcome: 'UNCHANGED' }
  /** Wrong PIN, unknown extension, not allowed, no PIN: one word for the caller; operators find the reason in the event. */
  | { readonly outcome: 'DENIED' }
  | { readonly outcome: 'LOCKED'; readonly seconds: number }
  /** `secondLogin: deny` and the user sits elsewhere. */
  | { readonly outcome: 'ELSEWHERE'; readonly device: DeviceId }
  /** The phone is in an emergency call or its quiet time. */
  | { readonly outcome: 'EMERGENCY' }
  | { readonly outcome: 'NOT_A_HOTDESK_PHONE' }
  | { readonly outcome: 'STORE_LOST' }
  | Unconfirmed

/**
 * A failover may lose it, or Redis has not answered (`reply` null). The phone will show whether it holds, and the person is asked to look at it.
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

/** By what a transition came about; kept in the event and in the device's record. */
export type Via = 'dial-code' | 'redis-cli' | 'cli' | 'api' | 'console' | 'automatic' | 'deleted'

export const causes = ['login', 'moved', 'displaced', 'logout', 'now', 'edited'] as const
/** `moved`: the user went to another phone. `now`: a logout that ends the phone's calls. `edited`: somebody changed the keys by hand. */
export type Cause = (typeof causes)[number]

/** Seen in the copy, whoever made it: dial code, another node or redis-cli. */
export interface AssignmentChange {
  readonly device: DeviceId
  readonly before: Extension | null
  readonly after: Extension | null
  readonly cause: Cause
}

export interface LoginRequest {
  /** As it was dialled or typed. It may be a PIN in the wrong field: it is named nowhere unless a user has it. */
  readonly extension: Extension
  readonly device: DeviceId
  readonly pin: Secret
}

/** How many wrong PINs lock for how long; each failure is remembered for `windowSeconds` after the last one. */
interface AttemptLimit {
  readonly failures: number
  readonly windowSeconds: number
  readonly lockSeconds: number
}

export interface AttemptLimits {
  /** Of a user: the first three at one phone, the last two at all phones where the user has not logged in lately. */
  readonly user: AttemptLimit & { readonly perPhoneAndDay: number; readonly freePerDay: number; readonly perDay: number }
  readonly device: AttemptLimit & { readonly perDay: number }
}

/** Who sits where. Reads come from memory; each transition is one Redis Function. */
export interface Hotdesk {
  devicesOf(extension: Extension): readonly DeviceId[]
  /** Who has logged in; an owner who has not (see `Device.owner`) is nobody here. */
  userOn(device: DeviceId): Extension | null
  isDraining(device: DeviceId): boolean
  /** In an emergency call, or less than the quiet time after one: no refresh, no reboot. */
  isQuiet(device: DeviceId): boolean
  /** Spends an attempt, compares the PIN in this process, assigns. Takes the same time for every refusal. */
  login(request: LoginRequest): Promise<LoginOutcome>
  /** `drain` waits for the phone's calls to end, `now` does not. */
  logout(device: DeviceId, how: 'drain' | 'now', via: Via): Promise<LogoutOutcome>
  /** The caller hung up during the dialogue, or was not heard; `extension` as in a LoginRequest. */
  abandoned(device: DeviceId, extension: Extension | null): void
  /** A call for help was answered, and has ended; null where the phone could not be told. */
  emergencyAnswered(device: DeviceId | null): void
  /** A call for help has not come about; null where the phone could not be told. */
  emergencyFailed(device: DeviceId | null, reason: string): void
  /** A call for help was carried without proof of its phone; `claimed` is the phone that it named. */
  emergencyUnproven(call: { readonly source: string; readonly claimed: string | null }): void
  /** Calls for help without proof were refused because there were too many. */
  emergencyRefused(calls: { readonly source: string; readonly limit: string; readonly refused: number }): void
  /** A call of this phone began or ended on this node; the last end completes a draining logout. Never waits for Redis. */
  callBegan(device: DeviceId, kind: CallKind): void
  callEnded(device: DeviceId, kind: CallKind): void
  onChange(listener: (change: AssignmentChange) => void): () => void
  close(): Promise<void>
}

export type CallKind = 'ordinary' | 'emergency'
