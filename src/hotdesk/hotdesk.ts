import type { DeviceId, Extension } from '../base/identity.js'
import type { Secret } from '../base/secret.js'

/** What happened to a login; each word is spoken or shown by `features`. */
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

export type LogoutOutcome =
  | { readonly outcome: 'LOGGED_OUT'; readonly extension: Extension }
  | { readonly outcome: 'FREE' }
  | { readonly outcome: 'DRAINING'; readonly calls: number }
  | { readonly outcome: 'EMERGENCY' }
  | { readonly outcome: 'UNKNOWN_DEVICE' }
  | { readonly outcome: 'STORE_LOST' }

/** By what a transition came about; kept in the event and in the device's record. */
export type Via = 'dial-code' | 'redis-cli' | 'cli' | 'api' | 'console' | 'automatic' | 'deleted'

/** Seen in the copy, whoever made it: dial code, another node or redis-cli. */
export interface AssignmentChange {
  readonly device: DeviceId
  readonly before: Extension | null
  readonly after: Extension | null
}

export interface LoginRequest {
  readonly extension: Extension
  readonly device: DeviceId
  readonly pin: Secret
}

/** Who sits where. Reads come from memory; each transition is one Redis Function. */
export interface Hotdesk {
  devicesOf(extension: Extension): readonly DeviceId[]
  userOn(device: DeviceId): Extension | null
  isDraining(device: DeviceId): boolean
  /** Spends an attempt, compares the PIN in this process, assigns. Takes the same time for every refusal. */
  login(request: LoginRequest): Promise<LoginOutcome>
  /** `drain` waits for the phone's calls to end, `now` does not. */
  logout(device: DeviceId, how: 'drain' | 'now', via: Via): Promise<LogoutOutcome>
  /** The caller hung up during the dialogue. */
  abandoned(device: DeviceId, extension: Extension | null): void
  /** A call of this phone began or ended on this node; the last end completes a draining logout. Never waits for Redis. */
  callBegan(device: DeviceId, kind: 'ordinary' | 'emergency'): void
  callEnded(device: DeviceId): void
  onChange(listener: (change: AssignmentChange) => void): () => void
  close(): Promise<void>
}
